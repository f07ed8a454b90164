/** What is compared: estimators by name, with what else of a study they decide. */
import {
  affine,
  type Estimator,
  glocal,
  local,
  mean,
  none,
  type TuneOptions,
} from "../../lib/index.js";

interface Method {
  /** For the table. */
  readonly title: string;
  readonly estimator: () => Estimator;
  /** Validation examples that hypergradients see; all where it says nothing. */
  readonly subset?: number;
}

/** An ablation: what not following the first window does for an estimator on its own. */
function afterTheFirst(estimator: Estimator): Estimator {
  return {
    ...estimator,
    begin: ({ device }) => {
      let first = true;
      return {
        estimate: (trajectory) => {
          first = trajectory.window === 1;
          return estimator.estimate(trajectory, device);
        },
        updates: () => !first,
      };
    },
  };
}

export const METHODS = {
  none: { title: "none", estimator: () => none() },
  local: { title: "local", estimator: () => local() },
  "local-later": {
    title: "local, first window not followed",
    estimator: () => afterTheFirst(local()),
  },
  carried: { title: "local, tangents carried", estimator: () => local({ tangents: "carry" }) },
  mean: { title: "mean(10)", estimator: () => mean(10) },
  affine: { title: "affine()", estimator: () => affine() },
  paper: { title: "glocal.paper()", estimator: () => glocal.paper() },
  robust: { title: "glocal({ robust: true })", estimator: () => glocal({ robust: true }) },
  "robust-subset": {
    title: "glocal({ robust: true }), 1,000 validation examples",
    estimator: () => glocal({ robust: true }),
    subset: 1000,
  },
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof METHODS;
export const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

/** The part of a study's options that a method decides. */
export function optionsOf(name: MethodName): Pick<TuneOptions, "hypergradient" | "criterion"> {
  const method: Method = METHODS[name];
  return {
    hypergradient: method.estimator(),
    ...(method.subset === undefined ? {} : { criterion: { batch: method.subset } }),
  };
}

export const titleOf = (name: MethodName): string => METHODS[name].title;
