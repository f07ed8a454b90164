/** An estimator of our own, since estimators are values: keeps the trajectories it is shown and moves nothing. */
import type { Estimator, Trajectory } from "../../lib/index.js";

export function recorder(settings: { window: number; last: number }): {
  estimator: Estimator;
  trajectories: Trajectory[];
} {
  const trajectories: Trajectory[] = [];
  return {
    trajectories,
    estimator: {
      name: "recorder",
      horizon: "window",
      ...settings,
      estimate: (trajectory) => {
        trajectories.push({ ...trajectory, data: trajectory.data.slice() });
        return { gradient: new Float64Array(trajectory.size), eigenvalues: null, fallback: null };
      },
    },
  };
}
