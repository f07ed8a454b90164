/** The rows of `bench gpu`: what ours runs, what JAX runs in which forms, and the targets. */
import { flopsPerStep } from "../flops.js";
import type { OwnRequest } from "../lenet-run.js";
import type { WideResnetRequest } from "../own/wide-resnet.js";
import { HYPERPARAMETERS, METHODS, type Method, POINTS, SETTING } from "../setting.js";

export type Precision = "float32" | "tf32";

/** One way of writing the same work in JAX. The fastest counts. */
export interface Form {
  readonly name: string;
  readonly args: readonly string[];
}

export interface Target {
  /** How many times as fast as the rival at least. */
  readonly times: number;
  /** Seconds for PAPER_STEPS at most. */
  readonly seconds?: number;
}

export interface Entrant {
  readonly name: string;
  readonly what: string;
  readonly precision: Precision;
  readonly own: { readonly program: string; readonly request: OwnRequest | WideResnetRequest };
  readonly rival: { readonly program: string; readonly args: readonly string[] };
  readonly forms: readonly Form[];
  /** Null for what has none: rows beside those that have. */
  readonly target: Target | null;
  /** Of the paper, on an A100, for PAPER_STEPS. */
  readonly paperSeconds: number | null;
  /** Of a step: the least arithmetic, counted by hand; null where the step's own products are counted. */
  readonly gflop: number | null;
  readonly readsData: boolean;
  /** Inner steps that are timed. */
  readonly steps: number;
}

/** Of the paper's Table 4. */
export const PAPER_STEPS = 20_000;

const BY_PRODUCT: Form = { name: "product", args: ["--conv", "product"] };
const BY_LIBRARY: Form = { name: "lax", args: ["--conv", "lax"] };
/** Lanes in one `vmap`; without it they are written out. XLA's own convolution would be a grouped one there. */
const MAPPED: Form = { name: "product, vmap", args: ["--conv", "product", "--tangents", "mapped"] };

const GOALS: Readonly<Record<Method, Target & { readonly paper: number }>> = {
  none: { times: 2, seconds: 3, paper: 11.4 },
  local: { times: 3, seconds: 5, paper: 25.1 },
  glocal: { times: 3, seconds: 10, paper: 66.7 },
};

/** The first windows compile, and record what later ones replay. */
const WARM_UP_WINDOWS = 3;

/** XLA has memory for all validation images at once, and then the fewest operations. */
const CHUNK = SETTING.validation;

const precisionArguments = (precision: Precision) => [
  "--precision",
  precision === "float32" ? "float32" : "default",
];

const suffix = (precision: Precision) => (precision === "tf32" ? ", TF32" : "");

/** Only what has lanes has a choice of how they are carried. */
const formsOf = (lanes: number) =>
  lanes > 0 ? [BY_PRODUCT, BY_LIBRARY, MAPPED] : [BY_PRODUCT, BY_LIBRARY];

function lenet(method: Method, steps: number, precision: Precision): Entrant {
  const { batch, window, validation } = SETTING;
  const points = POINTS[method];
  const lanes = points > 0 ? HYPERPARAMETERS : 0;
  const windows = Math.ceil(steps / window);
  const { times, seconds, paper } = GOALS[method];
  const full = precision === "float32";
  const tuning = { none: "no tuning", local: "local", glocal: "glocal" }[method];
  return {
    name: full ? method : `${method}-tf32`,
    what: `LeNet, ${tuning}${suffix(precision)}`,
    precision,
    own: { program: "lenet-run.ts", request: { method, windows, warmUp: WARM_UP_WINDOWS } },
    rival: {
      program: "lenet_jax.py",
      args: [
        ...["--method", method, "--windows", String(windows), "--chunk", String(CHUNK)],
        ...precisionArguments(precision),
      ],
    },
    forms: formsOf(lanes),
    target: full ? { times, ...(seconds === undefined ? {} : { seconds }) } : null,
    paperSeconds: full ? paper : null,
    gflop: flopsPerStep({ batch, lanes, window, points, validation }) / 1e9,
    readsData: true,
    steps: windows * window,
  };
}

/** Steps of ours that are one window, and of JAX that are started without a wait between. */
const WIDE_WINDOW = 20;

function wideResnet(tangents: boolean, steps: number, precision: Precision): Entrant {
  const full = precision === "float32";
  const name = tangents ? "wrn-tangents" : "wrn";
  const windows = Math.ceil(steps / WIDE_WINDOW);
  return {
    name: full ? name : `${name}-tf32`,
    what: `WRN-28-2, ${tangents ? "2 lanes" : "plain"}${suffix(precision)}`,
    precision,
    own: {
      program: "own/wide-resnet.ts",
      request: { tangents, steps: windows * WIDE_WINDOW, window: WIDE_WINDOW },
    },
    rival: {
      program: "wide_resnet_jax.py",
      args: [
        ...["--work", tangents ? "tangents" : "step", "--steps", String(windows * WIDE_WINDOW)],
        ...["--burst", String(WIDE_WINDOW), ...precisionArguments(precision)],
      ],
    },
    forms: [BY_LIBRARY, BY_PRODUCT],
    target: full && tangents ? { times: 1.5 } : null,
    paperSeconds: null,
    gflop: null,
    readsData: false,
    steps: windows * WIDE_WINDOW,
  };
}

/** A step of WRN-28-2 takes as long as some tens of LeNet's. */
const wideSteps = (steps: number) => Math.max(WIDE_WINDOW, Math.ceil(steps / 20));

/** Those with targets come first, so that they are there if time runs out. */
export function entrants(steps: number): readonly Entrant[] {
  return (["float32", "tf32"] as const).flatMap((precision) => [
    ...METHODS.map((method) => lenet(method, steps, precision)),
    wideResnet(false, wideSteps(steps), precision),
    wideResnet(true, wideSteps(steps), precision),
  ]);
}

export const ENTRANT_NAMES: readonly string[] = entrants(1).map(({ name }) => name);

/** The row in float32 whose forms have been tried already. */
export const twinOf = (name: string) => name.replace(/-tf32$/, "");
