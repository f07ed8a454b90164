/** A window such as a study reports. */

import type { WindowReport } from "../../lib/hyper/types.js";

export function windowReport(window: number, changes: Partial<WindowReport> = {}): WindowReport {
  return {
    window,
    step: 50 * window,
    hyper: { lr: 0.01 * window, momentum: 0.9, weightDecay: 1e-4 },
    train: { loss: 2 / window },
    validation: { loss: 2.1 / window },
    hypergradient: { lr: -0.5, momentum: 0.1, weightDecay: 0 },
    eigenvalues: [
      [1, 0],
      [0.4, -0.2],
    ],
    fallback: null,
    msPerStep: 10,
    ...changes,
  };
}
