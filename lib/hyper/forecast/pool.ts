/** The trajectories of the last windows. */
import type { WindowTrajectory } from "../estimator.js";

export class TrajectoryPool {
  private readonly kept: WindowTrajectory[] = [];

  /** @param windows how many are kept */
  constructor(private readonly windows: number) {}

  /** Keeps a window's, in place of what an earlier run of it and of those after it left, and returns all that are kept, oldest first. */
  add(window: WindowTrajectory): readonly WindowTrajectory[] {
    while (this.kept.length > 0 && (this.kept.at(-1) as WindowTrajectory).window >= window.window)
      this.kept.pop();
    this.kept.push({ ...window, data: window.data.slice() });
    if (this.kept.length > this.windows) this.kept.shift();
    return this.kept;
  }
}
