/** The problems by name, apart from what they load: help has to know them at once. */

export interface ProblemFacts {
  readonly title: string;
  /** Every step sees all training data, so that the truth is exact. */
  readonly deterministic: boolean;
}

export const PROBLEM_FACTS = {
  quadratic: { title: "a quadratic of 20 parameters", deterministic: true },
  logistic: { title: "logistic regression, full batch", deterministic: true },
  mlp: { title: "an MLP of 387 parameters, full batch", deterministic: true },
  "mlp-mnist": { title: "an MLP on MNIST, minibatches, rate 0.01", deterministic: false },
  "mlp-mnist-fast": { title: "an MLP on MNIST, minibatches, rate 0.03", deterministic: false },
  "lenet-mnist": { title: "LeNet on MNIST, minibatches, rate 0.01", deterministic: false },
} as const satisfies Readonly<Record<string, ProblemFacts>>;

export type ProblemName = keyof typeof PROBLEM_FACTS;
export const PROBLEM_NAMES = Object.keys(PROBLEM_FACTS) as ProblemName[];
