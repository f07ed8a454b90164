/** The rows of `bench peers`: what is timed, by which programs, and how much faster than a rival ours is to be. */
import { flopsPerStep } from "./flops.js";
import type { OwnRequest } from "./lenet-run.js";
import { HYPERPARAMETERS, type Method, POINTS, SETTING } from "./setting.js";

export const RIVALS = ["torch", "jax", "numpy"] as const;
export type Rival = (typeof RIVALS)[number];

/** A rival's program in `peers/` and its arguments. */
export type RivalProgram = readonly [program: string, ...args: string[]];

/** Work that ours and rivals do in turns. */
export interface Contest {
  readonly name: string;
  readonly what: string;
  /** Our program, a file in `bench/`, and what it is asked besides threads and data. */
  readonly own: { readonly program: string; readonly request: object };
  readonly rivals: Readonly<Partial<Record<Rival, RivalProgram>>>;
  readonly target: RatioTarget;
  /** Of a step, counted by hand; null where our program counts its own, or nobody does. */
  readonly gflop: number | null;
  /** Rivals that read Fashion-MNIST take its folder. */
  readonly readsData: boolean;
}

/** At most so many times what the rival takes. */
export interface RatioTarget {
  readonly rival: Rival;
  readonly share: number;
}

/** Rows that come from the glocal contest's processes. */
export const DERIVED = ["start", "memory"] as const;
export type DerivedRow = (typeof DERIVED)[number];

/** Milliseconds before the first inner step, and megabytes, that ours is to stay below. */
export const LIMITS: Readonly<Record<DerivedRow, number>> = { start: 500, memory: 500 };

function lenet(method: Method, target: RatioTarget, windows: number): Contest {
  const { batch, window, validation } = SETTING;
  const points = POINTS[method];
  const lanes = points > 0 ? HYPERPARAMETERS : 0;
  const request: OwnRequest = { method, windows };
  const tuning = { none: "no tuning", local: "local", glocal: "glocal" }[method];
  return {
    name: method,
    what: `LeNet, ${tuning}`,
    own: { program: "lenet-run.ts", request },
    rivals: {
      torch: ["lenet_torch.py", "--work", method, "--runs", String(windows)],
      jax: ["lenet_jax.py", "--method", method, "--windows", String(windows)],
    },
    target,
    gflop: flopsPerStep({ batch, lanes, window, points, validation }) / 1e9,
    readsData: true,
  };
}

function wideResnet(tangents: boolean, target: RatioTarget, steps: number): Contest {
  return {
    name: tangents ? "wrn-tangents" : "wrn",
    what: `WRN-28-2, ${tangents ? "2 tangents" : "plain"}`,
    own: { program: "own/wide-resnet.ts", request: { tangents, steps } },
    rivals: {
      torch: ["wide_resnet_torch.py", ...(tangents ? ["--tangents"] : []), "--steps", `${steps}`],
      jax: ["wide_resnet_jax.py", "--work", tangents ? "tangents" : "step", "--steps", `${steps}`],
    },
    target,
    gflop: null,
    readsData: false,
  };
}

function koopman(features: number): Contest {
  return {
    name: `dmd-${features}`,
    what: `DMD, q = ${features}`,
    own: { program: "own/koopman.ts", request: { features } },
    rivals: { numpy: ["koopman_numpy.py", "--features", String(features)] },
    target: { rival: "numpy", share: 1 },
    gflop: null,
    readsData: false,
  };
}

const validation: Contest = {
  name: "validation",
  what: "LeNet, one validation gradient",
  own: { program: "own/validation.ts", request: { runs: 8 } },
  rivals: {
    torch: ["lenet_torch.py", "--work", "validation", "--runs", "8"],
    jax: ["lenet_validation_jax.py", "--runs", "8"],
  },
  target: { rival: "torch", share: 1 / 2 },
  gflop:
    flopsPerStep({ batch: 0, lanes: 0, window: 1, points: 1, validation: SETTING.validation }) /
    1e9,
  readsData: true,
};

const reweighting: Contest = {
  name: "reweighting",
  what: "WRN-16-2, data reweighting, 32 lanes",
  own: { program: "own/reweighting.ts", request: {} },
  rivals: { jax: ["wide_resnet_jax.py", "--work", "reweighting", "--steps", "2"] },
  target: { rival: "jax", share: 1 / 2 },
  gflop: null,
  readsData: false,
};

export const CONTESTS: readonly Contest[] = [
  lenet("none", { rival: "torch", share: 1 / 2 }, 6),
  lenet("local", { rival: "jax", share: 1 / 3 }, 3),
  lenet("glocal", { rival: "jax", share: 1 / 3 }, 2),
  validation,
  wideResnet(false, { rival: "torch", share: 1 }, 4),
  wideResnet(true, { rival: "torch", share: 1 / 2 }, 2),
  reweighting,
  koopman(3),
  koopman(385),
];

export const ROW_NAMES: readonly string[] = [...CONTESTS.map((c) => c.name), ...DERIVED];
