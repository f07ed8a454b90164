/** What `glocal verify` looks at: its problems and its estimators. */
import type { Estimator } from "../hyper/estimator.js";
import { last, mean } from "../hyper/estimators.js";
import { affine, glocal } from "../hyper/glocal.js";
import type { CarriedTangents } from "../hyper/tangents.js";
import type { ProblemName } from "./names.js";
import { logistic, mlp } from "./problems/full-batch.js";
import { lenetMnist, mlpMnist } from "./problems/mnist.js";
import type { AnyProblem } from "./problems/problem.js";
import { quadratic } from "./problems/quadratic.js";
import type { Truth, Verification } from "./types.js";
import { compareAll } from "./verify.js";

export interface SuiteOptions {
  /** Few steps, points and minibatch orders: a look at whether all of it works. */
  readonly quick: boolean;
  /** Folder of MNIST's IDX files. */
  readonly dir?: string;
}

export const PROBLEMS: Readonly<
  Record<ProblemName, (options: SuiteOptions) => Promise<AnyProblem>>
> = {
  quadratic: async ({ quick }) => quadratic(quick),
  logistic: async ({ quick }) => logistic(quick),
  mlp: async ({ quick }) => mlp(quick),
  "mlp-mnist": (options) => mlpMnist({ ...options, lr: 0.01 }),
  "mlp-mnist-fast": (options) => mlpMnist({ ...options, lr: 0.03 }),
  "lenet-mnist": (options) => lenetMnist({ ...options, lr: 0.01 }),
};

const HORIZON = { decay: "horizon" } as const;

/** At a window's end tangents look back on as many steps as were left at its beginning; on all done, while those are fewer. */
const ALL_STEPS_LEFT: CarriedTangents = {
  decay: ({ stepsDone, stepsLeft, window }) =>
    stepsDone === 0
      ? 0
      : Math.max(0, Math.min(stepsDone, stepsLeft - window)) /
        Math.min(stepsDone, stepsLeft + window),
};

/** Tangents look back on five windows, in the last ones on less and less. */
const FIVE_WINDOWS: CarriedTangents = {
  decay: ({ stepsLeft, window }) => Math.min(0.8, (stepsLeft - window) / (5 * window)),
};

/** By the names that reports use. The first is what the others are measured by. */
export const ESTIMATORS: Readonly<Record<string, Estimator>> = {
  "last()": last(),
  "mean(10)": mean(10),
  "last(), carried": last({ tangents: "carry" }),
  "mean(10), carried": mean(10, { tangents: "carry" }),
  "mean(10), horizon": mean(10, { tangents: HORIZON }),
  "affine()": affine(),
  "affine(), to T": affine({ policy: "horizon" }),
  "glocal.paper()": glocal.paper(),
  "exact DMD, to T": glocal({ fit: "exact", policy: "horizon" }),
  "exact DMD, mean to T": glocal({ fit: "exact", policy: "average" }),
  "exact DMD, nearest stable": glocal({ fit: "exact", policy: "project" }),
  "fb DMD, to T": glocal({ fit: "forward-backward", policy: "horizon", rank: 4 }),
  "TLS DMD, to T": glocal({ fit: "total-least-squares", policy: "horizon", rank: 4 }),
  "optimized DMD, to T": glocal({
    fit: { variant: "optimized", constraints: ["stable"] },
    policy: "horizon",
    rank: 4,
    rcond: 1e-9,
  }),
  "pooled exact, to T": glocal({ policy: "horizon", pool: {} }),
  "pooled affine with control": affine({ policy: "horizon", pool: { control: true } }),
  "glocal(), memory of all steps left": glocal({ tangents: ALL_STEPS_LEFT }),
  "glocal(), memory of five windows": glocal({ tangents: FIVE_WINDOWS }),
  "glocal({ robust: true })": glocal({ robust: true }),
};

/** τ of all of them. */
const WINDOW = 50;

/** The truths of a problem, which do not depend on estimators. */
export async function truthsOfProblem(name: ProblemName, options: SuiteOptions): Promise<Truth[]> {
  return (await PROBLEMS[name](options)).truths(WINDOW);
}

interface Beside {
  /** Truths that were computed before. */
  readonly known?: readonly Truth[];
  readonly estimators?: Readonly<Record<string, Estimator>>;
  /** Validation examples that estimates see, drawn for each window; the truth sees all. */
  readonly sample?: number;
}

/** What estimators say of one problem, beside the truth. */
export async function verifyProblem(
  name: ProblemName,
  options: SuiteOptions,
  { known, estimators = ESTIMATORS, sample }: Beside = {},
): Promise<Verification> {
  const problem = await PROBLEMS[name](options);
  const truths = known ?? (await problem.truths(WINDOW));
  const seen = await problem.estimates(estimators, WINDOW, sample);
  return { truths, comparisons: compareAll(truths, Object.keys(estimators), seen) };
}
