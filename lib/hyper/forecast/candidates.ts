/** The forecasts that the ladder chooses among. */
import type { Device } from "../../runtime/device.js";
import type { Trajectory } from "../estimator.js";
import { type Forecast, forecaster } from "./operator.js";
import { type Rule, ruleOf } from "./settings.js";
import { lastPoint, meanPoint } from "./trajectories.js";

export type Rung = "dmd" | "affine" | "mean" | "last";

/** One that fits no operator has no eigenvalues. */
export type CandidateForecast = Pick<Forecast, "gradient"> & Partial<Forecast>;

export interface Candidate {
  readonly name: Rung;
  /** Whether it says how the trajectory goes on, rather than that it stays where it is. */
  readonly moves: boolean;
  /** Learns from a trajectory to say the hypergradient so many steps after its last point; null where it cannot. */
  fit(trajectory: Trajectory, device?: Device): (steps: number) => CandidateForecast | null;
}

/** Columns that stacks leave, of which a fit has no more modes: 4 of 10 points, 3 of 7, … */
const COLUMNS_SHARE = 0.4;
/** … and no fewer than for a constant and two decays, or one that turns. */
const FEWEST_COLUMNS = 3;

/** As many as a rule says, where that leaves columns enough. */
function stacksFor(most: number, points: number): number {
  const columns = Math.max(FEWEST_COLUMNS, Math.ceil(COLUMNS_SHARE * points));
  return Math.max(1, Math.min(most, points - columns));
}

function operator(name: Rung, rule: Rule): Candidate {
  return {
    name,
    moves: true,
    fit: (trajectory, device) => {
      const stacks = stacksFor(rule.stacks, trajectory.points);
      const ahead = forecaster({ ...rule, stacks }, [trajectory], device);
      return (steps) => {
        const found = ahead(steps);
        return "gradient" in found && found.gradient.every(Number.isFinite) ? found : null;
      };
    },
  };
}

const holding = (name: Rung, value: (trajectory: Trajectory) => Float64Array): Candidate => ({
  name,
  moves: false,
  fit: (trajectory) => {
    const gradient = value(trajectory);
    return () => ({ gradient });
  },
});

/**
 * For `size` hyperparameters and at most `last` points. DMD is the optimized one, whose eigenvalues noise
 * does not pull inwards; with one mode more than there are hyperparameters, none of which may grow.
 */
export function candidates(
  size: number,
  last: number,
  settings: Pick<Rule, "stacks" | "linalg">,
): Candidate[] {
  const { stacks, linalg } = settings;
  // As rich in float64 as points allow; what float32 cannot tell, the held-out points will.
  const common = { last, linalg, rcond: 1e-9, policy: "horizon" } as const;
  const fit = { variant: "optimized", constraints: ["stable"] } as const;
  return [
    operator("dmd", ruleOf({ ...common, stacks, fit, rank: size + 1 }, last)),
    operator("affine", ruleOf({ ...common, stacks: 1, fit: "affine" }, last)),
    holding("mean", meanPoint),
    holding("last", lastPoint),
  ];
}
