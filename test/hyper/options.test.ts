/** What `tune`, `bilevel` and the estimators refuse: at once, with a code, in the user's terms. */
import { describe, expect, test } from "vitest";
import {
  array,
  bilevel,
  global,
  glocal,
  learn,
  local,
  nn,
  none,
  ops,
  optim,
  tune,
} from "../../lib/index.js";
import { linearProblem, randomArray, smallData, smallModel } from "./support.js";

function refusal(call: () => unknown): { code?: string; message: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return { message: "nothing was refused" };
}

function expectRefusals(
  make: (overrides: object) => unknown,
  cases: Readonly<Record<string, readonly [overrides: object, code: string, message: RegExp]>>,
): void {
  test.each(Object.entries(cases))("%s", (_, [overrides, code, message]) => {
    const { code: given, message: said } = refusal(() => make(overrides));
    expect(said).toMatch(message);
    expect(said).toMatch(/^Expected .+ but received .+\./s);
    expect(given).toBe(code);
  });
}

const OPTION = "GLOCAL_BAD_OPTION";
const floats = (...numbers: number[]) => array(Float64Array.from(numbers));

describe("bilevel refuses", () => {
  const make = (overrides: object) => bilevel({ ...linearProblem(), ...overrides } as never);
  const { data } = linearProblem();
  expectRefusals(make, {
    "an unknown option": [{ widow: 5 }, OPTION, /only the options state, hyper.*"widow"/],
    "steps below 1": [{ steps: -3 }, OPTION, /steps to be a whole number from 1.*-3/],
    "steps that are no number": [{ steps: "10" }, OPTION, /steps.*"10"/],
    "steps that are not whole": [{ steps: 1.5 }, OPTION, /steps.*1\.5/],
    "a batch larger than the data": [{ batchSize: 25 }, OPTION, /batchSize.*at most 24.*25/],
    "a batch of nothing": [{ batchSize: 0 }, OPTION, /batchSize/],
    "a negative seed": [{ seed: -1 }, OPTION, /seed/],
    "no lanes": [{ lanes: 0 }, OPTION, /lanes/],
    "an unknown mode": [{ mode: "sideways" }, OPTION, /mode.*"sideways"/],
    "criterion chunks of nothing": [{ criterionBatch: 0 }, OPTION, /criterionBatch/],
    "an unknown way to diverge": [{ onDivergence: "ignore" }, OPTION, /"throw" or "record"/],
    "a missing step": [{ step: undefined }, OPTION, /step to be a function/],
    "a missing criterion": [{ criterion: undefined }, OPTION, /criterion to be a function/],
    "an estimator by name": [{ hypergradient: "glocal" }, OPTION, /an estimator such as.*"glocal"/],
    "an outer optimizer by name": [{ outer: "adam" }, OPTION, /an optimizer such as.*"adam"/],
    "a learned setting of the outer optimizer": [
      { outer: optim.adam({ lr: learn.sigmoid(0.1) }) },
      OPTION,
      /numbers as settings of the outer optimizer.*learned lr/,
    ],
    "a signal that is none": [{ signal: {} }, OPTION, /an AbortSignal/],
    "batches without at": [{ batches: {} }, OPTION, /batches\.at to be a function/],
    "nothing learned": [{ hyper: { lr: 0.1 } }, OPTION, /a learned hyperparameter for the glocal/],
    "an unknown device": [{ device: "tpu" }, OPTION, /"auto", "cpu", "cuda" or "cuda:<number>"/],
    "cuSOLVER on the CPU": [
      { hypergradient: glocal({ linalg: "cusolver" }), device: "cpu" },
      OPTION,
      /a CUDA device for linalg: "cusolver" but received device "cpu"/,
    ],
    "no threads": [{ threads: 0 }, OPTION, /threads/],
    "missing data": [{ data: undefined }, OPTION, /training data.*undefined/],
    "missing validation data": [{ data: { train: data.train } }, OPTION, /validation data/],
    "evaluation without metrics": [{ evaluate: { data } }, OPTION, /evaluate\.metrics/],
    "an unknown option of evaluate": [{ evaluate: { evry: 1 } }, OPTION, /every, data, metrics/],
    "evaluation every 0 steps": [
      { evaluate: { every: 0, data, metrics: () => ({}) } },
      OPTION,
      /evaluate\.every/,
    ],
    "columns of different lengths": [
      { data: { train: { ...data.train, y: floats(1, 2) }, validation: data.validation } },
      "GLOCAL_BAD_SHAPE",
      /equally many in each.*x \[24,3\], y \[2\]/,
    ],
    "a shape that does not hold its data": [
      { state: { w: { data: Float64Array.of(1, 2, 3), shape: [4] } } },
      "GLOCAL_BAD_SHAPE",
      /a shape that holds 3 elements.*\[4\]/,
    ],
    "a state of mixed dtypes": [
      { state: { w: floats(1, 2, 3), v: array([1]) } },
      "GLOCAL_BAD_DTYPE",
      /share one dtype.*float64 and float32/,
    ],
    "a state without floating leaves": [
      { state: { n: array(Int32Array.of(1)) } },
      "GLOCAL_BAD_DTYPE",
      /no floating leaf/,
    ],
    "a step that returns another state": [
      { step: () => ({ v: ops.zeros([3], "float64") }) },
      "GLOCAL_BAD_SHAPE",
      /a state like the one it was given: w float64\[3\] but received v float64\[3\]/,
    ],
    "a step that returns another dtype": [
      { step: () => ({ w: ops.zeros([3], "float32") }) },
      "GLOCAL_BAD_SHAPE",
      /w float64\[3\] but received w float32\[3\]/,
    ],
    "a step that is asynchronous": [{ step: async () => ({}) }, "GLOCAL_TRACE", /Promise/],
    "a reported loss that is no scalar": [
      {
        step: (
          state: { w: never },
          _: never,
          __: never,
          context: { report(name: string, value: unknown): void },
        ) => {
          context.report("loss", state.w);
          return state;
        },
      },
      "GLOCAL_BAD_SHAPE",
      /a float64 scalar as the reported loss.*float64\[3\]/,
    ],
    "a criterion that takes the mean itself": [
      { criterion: ({ w }: { w: never }) => ops.mean(w) },
      "GLOCAL_BAD_SHAPE",
      /one float64 loss per example, \[10\].*their mean.*is taken for you/,
    ],
  });

  test("no options at all", () => {
    expect(refusal(() => bilevel(undefined as never))).toMatchObject({
      code: OPTION,
      message: expect.stringContaining("an object of options"),
    });
  });

  test.each([
    ["too few", () => Int32Array.of(0)],
    ["too many", () => new Int32Array(5)],
    ["no typed array", () => [0, 1, 2, 3]],
    ["an example that is not there", () => Int32Array.of(0, 1, 2, 24)],
    ["a negative index", () => Int32Array.of(0, 1, 2, -1)],
  ])("batches of one's own with %s, once they are asked for", async (_, at) => {
    const study = bilevel({ ...linearProblem(), batches: { at } as never });
    await expect(study.result).rejects.toMatchObject({
      code: OPTION,
      message: expect.stringContaining("batches.at(0)"),
    });
  });
});

describe("tune refuses", () => {
  const data = smallData();
  const make = (overrides: object) =>
    tune({
      model: smallModel(),
      data,
      inner: optim.sgd({ lr: learn.sigmoid(0.1) }),
      steps: 2,
      batchSize: 4,
      device: "cpu",
      ...overrides,
    });
  const wrong = (change: object) => ({ data: { ...data, train: { ...data.train, ...change } } });
  const labels = (bad: number) =>
    array(Int32Array.from(data.train.y.data, (y, i) => (i ? y : bad)));
  expectRefusals(make, {
    "an unknown option": [{ stpes: 3 }, OPTION, /only the options.*"stpes"/],
    "a model by name": [{ model: "lenet" }, OPTION, /a model such as.*"lenet"/],
    "a function as model without parameters": [
      { model: (_: never, x: never) => x },
      OPTION,
      /params beside a model given as a function/,
    ],
    "a missing inner optimizer": [{ inner: undefined }, OPTION, /inner to be an optimizer/],
    "an inner optimizer that learns nothing": [
      { inner: optim.sgd({ lr: 0.1 }) },
      OPTION,
      /a learned hyperparameter/,
    ],
    "missing data": [{ data: undefined }, OPTION, /data/],
    "labels that are not int32": [wrong({ y: floats(1) }), OPTION, /data\.train with x.*int32 y/],
    "fewer labels than images": [
      wrong({ y: array(new Int32Array(3)) }),
      OPTION,
      /data\.train.*y \[3\]/,
    ],
    "a model with fewer outputs than classes": [
      { data: { ...smallData(), classes: 5 } },
      "GLOCAL_BAD_SHAPE",
      /\[\d+,5\], one logit for each of data\.classes but received \[\d+,4\]/,
    ],
    "a label beyond the classes": [
      wrong({ y: labels(4) }),
      OPTION,
      /labels from 0 to 3.*received 4/,
    ],
    "a negative label": [wrong({ y: labels(-1) }), OPTION, /labels from 0 to 3.*received -1/],
    "a share of validation above 1": [{ validation: 1.5 }, OPTION, /validation.*1\.5/],
    "validation that leaves nothing to train on": [{ validation: 60 }, OPTION, /validation/],
    "a batch larger than what is left for training": [
      { validation: 20, batchSize: 41 },
      OPTION,
      /at most 40/,
    ],
    "evaluation every −1 steps": [{ evaluate: { every: -1 } }, OPTION, /evaluate\.every/],
    "an unknown option of evaluate": [{ evaluate: { evry: 5 } }, OPTION, /"evry"/],
    "a journal that is no function": [{ journal: "journal.jsonl" }, OPTION, /journal/],
    "images that do not fit the model": [
      { model: nn.lenet() },
      "GLOCAL_BAD_SHAPE",
      /conv2d but received float32\[4,2,2,16\]/,
    ],
  });
});

describe("estimators refuse", () => {
  const makers = { none, local, global, glocal } as Readonly<
    Record<string, (settings: object) => unknown>
  >;
  test.each(Object.entries(makers))("%s with an unknown setting or no window", (_, make) => {
    expect(refusal(() => make({ windw: 5 }))).toMatchObject({ code: OPTION });
    expect(refusal(() => make({ window: 0 }))).toMatchObject({ code: OPTION });
    expect(refusal(() => make({ window: 2.5 }))).toMatchObject({ code: OPTION });
  });

  test.each([
    { window: 9, last: 10 },
    { last: 2 },
    { last: 6, stacks: 5 },
    { stacks: 0 },
    { rank: 0 },
    { tolerance: 0 },
    { rcond: -1 },
    { tolerance: Number.NaN },
    { linalg: "numpy" },
  ])("glocal with %j", (settings) => {
    expect(refusal(() => glocal(settings as object))).toMatchObject({ code: OPTION });
  });

  test.each([{ mode: "all" }, { outerSteps: 0 }])("global with %j", (settings) => {
    expect(refusal(() => global(settings as never))).toMatchObject({ code: OPTION });
  });
});

describe("learned hyperparameters refuse initial values outside their range", () => {
  test.each([
    ["sigmoid", 0],
    ["sigmoid", 1],
    ["softplus", 0],
    ["exp", -1],
    ["identity", Number.POSITIVE_INFINITY],
    ["sigmoid", Number.NaN],
    ["exp", "0.1"],
    ["sigmoid", array([0.5, 2])],
  ] as const)("learn.%s(%s)", (name, value) => {
    expect(refusal(() => learn[name](value as number))).toMatchObject({ code: OPTION });
  });

  test("and arrays whose shape does not hold their data", () => {
    const bad = { data: Float64Array.of(0.5), shape: [2] };
    expect(refusal(() => learn.sigmoid(bad))).toMatchObject({ code: "GLOCAL_BAD_SHAPE" });
  });

  test.each(["sigmoid", "softplus", "exp", "identity"] as const)(
    "learn.%s takes its initial value to the unconstrained one and back",
    (name) => {
      for (const value of [1e-6, 0.1, 0.5, 0.9]) {
        const h = learn[name](value);
        expect(h.value(h.unconstrain(value)) / value).toBeCloseTo(1, 12);
      }
    },
  );
});

test("a wrong shape inside a step is told with the primitive and the user's line", () => {
  const { step: _, ...rest } = linearProblem();
  const { message } = refusal(() =>
    bilevel({
      ...rest,
      step: ({ w }, __, { x }) => ({ w: ops.matmul(x, ops.add(x, ops.sum(w))) }),
    } as ReturnType<typeof linearProblem>),
  );
  expect(message).toMatch(/for matmul but received float64\[4,3\] and float64\[4,3\]/);
  expect(message).toMatch(/options\.test\.ts:\d+:\d+/);
});

test("a float64 batch in a float32 state is told apart by the primitive", () => {
  const options = linearProblem({}, Float32Array);
  const data = {
    ...options.data,
    train: { ...options.data.train, x: randomArray([24, 3], 1, Float64Array) },
  };
  const { code, message } = refusal(() => bilevel({ ...options, data }));
  expect(code).toBe("GLOCAL_BAD_DTYPE");
  expect(message).toMatch(/matmul.*float64\[4,3\] and float32\[3,1\]/);
});
