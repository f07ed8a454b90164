/** The estimators that `glocal run` knows by name. A new one is an entry here. */

import type { Estimator } from "../hyper/estimator.js";
import type { Tangents } from "../hyper/tangents.js";
import type { Library } from "./library.js";

/** What the command line says of an estimator. */
export interface EstimatorOptions {
  /** Steps between two updates. */
  readonly window: number;
  /** Hypergradients at a window's end. */
  readonly last: number;
  readonly stacks: number;
  /** A number is the share of the tangents that goes on. */
  readonly tangents?: "reset" | "carry" | "horizon" | number | undefined;
  readonly clip?: number;
}

interface Entry {
  /** For the help: lines of at most 90 characters. */
  readonly summary: readonly string[];
  /** The options that it looks at. */
  readonly uses: readonly (keyof EstimatorOptions)[];
  make(library: Library, options: EstimatorOptions): Estimator;
}

const LOCAL = ["window", "tangents", "clip"] as const;
const KOOPMAN = [...LOCAL, "last", "stacks"] as const;

export const ESTIMATORS = {
  none: {
    summary: ["not at all: they keep the values they begin with"],
    uses: ["window"],
    make: ({ none }, { window }) => none({ window }),
  },
  local: {
    summary: ["after each window, by the hypergradient over that window; cheap, but short-sighted"],
    uses: LOCAL,
    make: ({ local }, options) => local(windowed(options)),
  },
  last: {
    summary: [
      "as local, which takes the window's last hypergradient for that of the whole training",
    ],
    uses: LOCAL,
    make: ({ last }, options) => last(windowed(options)),
  },
  mean: {
    summary: ["after each window, by the mean of its last hypergradients"],
    uses: [...LOCAL, "last"],
    make: ({ mean }, options) => mean(options.last, windowed(options)),
  },
  affine: {
    summary: ["after each window, by where its last hypergradients would settle, if h' = A h + c"],
    uses: [...LOCAL, "last"],
    make: ({ affine }, { last, ...options }) => affine({ ...windowed({ ...options, last }), last }),
  },
  glocal: {
    summary: [
      "after each window, by its last hypergradients, extrapolated to the end of training by",
      "dynamic mode decomposition (Koopman operator), or by their mean where no forecast bears",
    ],
    uses: KOOPMAN,
    make: ({ glocal }, options) => glocal(stacked(options)),
  },
  paper: {
    summary: ["after each window, by dynamic mode decomposition and the exact rule of the paper"],
    uses: KOOPMAN,
    make: ({ glocal }, options) => glocal.paper(stacked(options)),
  },
  global: {
    summary: [
      "after each window, by the exact hypergradient at the end of training, to which the",
      "training is played out each time; the slowest by far",
    ],
    uses: ["window"],
    make: ({ global }, { window }) => global({ window }),
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type EstimatorName = keyof typeof ESTIMATORS;

export const ESTIMATOR_NAMES = Object.keys(ESTIMATORS) as EstimatorName[];

/** Whether an estimator looks at an option. */
export function usesOption(name: EstimatorName, option: keyof EstimatorOptions): boolean {
  return (ESTIMATORS[name].uses as readonly string[]).includes(option);
}

const windowed = (options: EstimatorOptions) => ({
  window: options.window,
  ...(options.tangents === undefined ? {} : { tangents: carried(options) }),
});

const stacked = ({ last, stacks, ...options }: EstimatorOptions) => ({
  ...windowed({ ...options, last, stacks }),
  last,
  stacks,
});

function carried({ tangents, clip }: EstimatorOptions): Tangents {
  const limit = clip === undefined ? {} : { clip };
  if (tangents === "horizon" || typeof tangents === "number") return { decay: tangents, ...limit };
  return clip === undefined || tangents === "reset" ? (tangents as "carry" | "reset") : limit;
}
