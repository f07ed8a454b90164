/** Several estimators that look at the same windows: one study serves them all. */
import type { Estimate, Estimator, Trajectory, WindowTrajectory } from "../hyper/estimator.js";
import { lastPoint, tail } from "../hyper/forecast/trajectories.js";

export interface Seen {
  readonly name: string;
  readonly horizon: number;
  /** Inner steps before the window. */
  readonly start: number;
  readonly estimate: Estimate;
}

type Members = readonly (readonly [name: string, estimator: Estimator])[];

/**
 * An estimator that changes nothing and asks the others, each about every T.
 *
 * @param members with the same window and tangents
 */
export function panel(members: Members, horizons: readonly number[], see: (seen: Seen) => void) {
  const [, first] = members[0] as Members[number];
  const { window, tangents } = first;
  const estimator: Estimator = {
    name: "panel",
    horizon: "window",
    window,
    last: Math.max(...members.map(([, { last }]) => last)),
    ...(tangents === undefined ? {} : { tangents }),
    estimate: still,
    begin: (facts) => {
      const asked = members.flatMap(([name, member]) =>
        horizons.map((horizon) => ({
          name,
          horizon,
          last: member.last,
          at: member.begin?.({ ...facts, steps: horizon }) ?? {
            estimate: (seen: WindowTrajectory) => member.estimate(seen, facts.device),
          },
        })),
      );
      const [only, ...others] = asked;
      return {
        // One that decides about tangents has a study to itself.
        ...(only?.at.carries &&
          others.length === 0 && { carries: () => only.at.carries?.() !== false }),
        estimate: (trajectory) => {
          for (const { name, horizon, last, at } of asked) {
            const stepsLeft = horizon - trajectory.stepsDone;
            if (stepsLeft < 0) continue;
            const start = trajectory.stepsDone - trajectory.steps;
            const estimate = at.estimate(tail({ ...trajectory, stepsLeft }, last));
            see({ name, horizon, start, estimate });
          }
          return still(trajectory);
        },
      };
    },
  };
  return estimator;
}

const still = (trajectory: Trajectory): Estimate => ({
  gradient: lastPoint(trajectory),
  eigenvalues: null,
  fallback: null,
});
