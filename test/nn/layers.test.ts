/** Layers against loops written by hand. Float64 unless said otherwise, where 1e-12 is far above rounding. */
import { describe, expect, test } from "vitest";
import { array, type HostArray, jit, nn, ops, type Tensor } from "../../lib/index.js";
import type { Module } from "../../lib/nn/module.js";
import { randomArray } from "../hyper/support.js";

/** The output of a layer with the given parameters. */
function apply(
  layer: Module,
  params: Readonly<Record<string, HostArray>>,
  x: HostArray,
  context: { train?: boolean; key?: readonly [number, number] } = {},
): HostArray {
  const { train = false, key = [0, 0] } = context;
  const run = jit((p: Record<string, Tensor>, input: Tensor) =>
    layer.apply(p, input, { train, key: ops.literal(array(Int32Array.from(key))) }),
  );
  return run(params, x) as HostArray;
}

function expectClose(
  actual: HostArray,
  shape: readonly number[],
  expected: ArrayLike<number>,
): void {
  expect(actual.shape).toEqual(shape);
  for (let i = 0; i < expected.length; i++)
    expect(
      Math.abs((actual.data[i] as number) - (expected[i] as number)),
      `entry ${i}`,
    ).toBeLessThan(1e-12);
}

describe("groupNorm", () => {
  const [n, h, w, c, groups] = [2, 3, 4, 6, 3];
  const x = randomArray([n, h, w, c], 1, Float64Array);
  const scale = randomArray([c], 2, Float64Array);
  const shift = randomArray([c], 3, Float64Array);

  /** Mean and biased variance over height, width and the consecutive channels of each group. */
  function naive(epsilon: number): Float64Array {
    const out = new Float64Array(n * h * w * c);
    const per = c / groups;
    for (let b = 0; b < n; b++)
      for (let g = 0; g < groups; g++) {
        const members: number[] = [];
        for (let at = 0; at < h * w; at++)
          for (let k = g * per; k < (g + 1) * per; k++) members.push((b * h * w + at) * c + k);
        const values = members.map((i) => x.data[i] as number);
        const mean = values.reduce((a, v) => a + v, 0) / values.length;
        const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length;
        for (const i of members)
          out[i] =
            (((x.data[i] as number) - mean) / Math.sqrt(variance + epsilon)) *
              (scale.data[i % c] as number) +
            (shift.data[i % c] as number);
      }
    return out;
  }

  test("standardises each group of consecutive channels, then scales and shifts each channel", () => {
    expectClose(apply(nn.groupNorm(c, groups), { scale, shift }, x), [n, h, w, c], naive(1e-5));
  });

  test("takes its epsilon inside the root", () => {
    const layer = nn.groupNorm(c, groups, { epsilon: 0.5 });
    expectClose(apply(layer, { scale, shift }, x), [n, h, w, c], naive(0.5));
  });

  test("starts as plain standardisation: scale 1, shift 0", () => {
    const { scale: ones, shift: zeros } = nn.model("norm", nn.groupNorm(4, 2)).initialize(0) as {
      scale: HostArray;
      shift: HostArray;
    };
    expect([...ones.data]).toEqual([1, 1, 1, 1]);
    expect([...zeros.data]).toEqual([0, 0, 0, 0]);
  });

  test("refuses groups that do not divide the channels", () => {
    expect(() => nn.groupNorm(6, 4)).toThrow(/groups to divide 6 channels but received 4/);
  });
});

describe("linear and convolution", () => {
  test("linear is x · weight + bias with weight [inputs, outputs]", () => {
    const x = array(Float64Array.of(1, 2, 3, 4), [2, 2]);
    const weight = array(Float64Array.of(1, 10, 100, 1000, 0, 1), [2, 3]);
    const bias = array(Float64Array.of(0.5, 0, -0.5));
    const expected = [2001.5, 10, 101.5, 4003.5, 30, 303.5];
    expectClose(apply(nn.linear(2, 3), { weight, bias }, x), [2, 3], expected);
  });

  test("convolution is a cross-correlation over NHWC with weight [kh, kw, inputs, outputs]", () => {
    const [height, width, inputs, outputs] = [5, 6, 2, 3];
    const x = randomArray([1, height, width, inputs], 4, Float64Array);
    const weight = randomArray([3, 2, inputs, outputs], 5, Float64Array);
    const bias = randomArray([outputs], 6, Float64Array);
    const [oh, ow] = [3, 5];
    const expected: number[] = [];
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let o = 0; o < outputs; o++) {
          let total = bias.data[o] as number;
          for (let p = 0; p < 3; p++)
            for (let q = 0; q < 2; q++)
              for (let k = 0; k < inputs; k++)
                total +=
                  (x.data[((i + p) * width + j + q) * inputs + k] as number) *
                  (weight.data[((p * 2 + q) * inputs + k) * outputs + o] as number);
          expected.push(total);
        }
    const layer = nn.conv2d(inputs, outputs, { kernel: [3, 2] });
    expectClose(apply(layer, { weight, bias }, x), [1, oh, ow, outputs], expected);
  });

  test("without a bias have none", () => {
    const layer = nn.model("bare", nn.linear(2, 2, { bias: false }));
    expect(Object.keys(layer.initialize(0))).toEqual(["weight"]);
  });
});

describe("activations and pooling", () => {
  const x = array(Float64Array.of(-2, -0, 0, 3));

  test("leaky ReLU keeps what is not negative and shrinks the rest", () => {
    expectClose(apply(nn.leakyRelu(), {}, x), [4], [-0.02, 0, 0, 3]);
    expectClose(apply(nn.leakyRelu(0.5), {}, x), [4], [-1, 0, 0, 3]);
    expectClose(apply(nn.relu(), {}, x), [4], [0, 0, 0, 3]);
  });

  test("tanh and sigmoid", () => {
    expectClose(apply(nn.tanh(), {}, x), [4], [...x.data].map(Math.tanh));
    const logistic = [...x.data].map((v) => 1 / (1 + Math.exp(-v)));
    expectClose(apply(nn.sigmoid(), {}, x), [4], logistic);
  });

  test("pooling takes mean or maximum of 2 × 2 windows by default", () => {
    const image = array(Float64Array.of(1, 2, 5, 6, 3, 4, 7, 8), [1, 2, 4, 1]);
    expectClose(apply(nn.avgPool(), {}, image), [1, 1, 2, 1], [2.5, 6.5]);
    expectClose(apply(nn.maxPool(), {}, image), [1, 1, 2, 1], [4, 8]);
    expectClose(apply(nn.globalAvgPool(), {}, image), [1, 1], [4.5]);
  });

  test("flatten is row-major", () => {
    const image = randomArray([2, 2, 3, 2], 1, Float64Array);
    expectClose(apply(nn.flatten(), {}, image), [2, 12], image.data);
  });
});

describe("dropout", () => {
  const x = array(new Float64Array(20_000).fill(2));
  const drop = (key: readonly [number, number], train = true) =>
    apply(nn.dropout(0.3), {}, x, { train, key });

  test("does nothing outside of training", () => {
    expect(drop([1, 2], false).data).toEqual(x.data);
  });

  test("in training zeroes the given share and divides the rest by what is kept", () => {
    const { data } = drop([1, 2]);
    const dropped = [...data].filter((v) => v === 0).length;
    for (const v of data) if (v !== 0) expect(v).toBeCloseTo(2 / 0.7, 12);
    // A binomial share of 20,000 has a deviation of 0.0032; five of them.
    expect(Math.abs(dropped / x.data.length - 0.3)).toBeLessThan(0.0162);
  });

  test("drops the same with the same key, and others with another step or seed", () => {
    expect(drop([1, 2]).data).toEqual(drop([1, 2]).data);
    expect(drop([1, 2]).data).not.toEqual(drop([1, 3]).data);
    expect(drop([1, 2]).data).not.toEqual(drop([2, 2]).data);
  });

  test("drops independently in two layers of one model", () => {
    const twice = nn.stateless((_, v, context) =>
      ops.sub(nn.dropout(0.5).apply({}, v, context), nn.dropout(0.5).apply({}, v, context)),
    );
    const { data } = apply(twice, {}, x, { train: true });
    expect(data.some((v) => v !== 0)).toBe(true);
  });

  test("of rate 0 does nothing; rates outside [0, 1) are refused", () => {
    expect(apply(nn.dropout(0), {}, x, { train: true }).data).toEqual(x.data);
    for (const rate of [-0.1, 1, Number.NaN]) expect(() => nn.dropout(rate)).toThrow(/rate/);
  });
});

describe("wrong shapes", () => {
  const refused = (call: () => unknown) => {
    try {
      call();
      return undefined;
    } catch (error) {
      return error as { code?: string; message: string };
    }
  };

  test("name the primitive, both shapes and the user's line", () => {
    const params = { weight: randomArray([3, 2], 1, Float64Array) };
    const x = randomArray([4, 5], 2, Float64Array);
    const error = refused(() => apply(nn.linear(3, 2, { bias: false }), params, x));
    expect(error?.code).toBe("GLOCAL_BAD_SHAPE");
    expect(error?.message).toMatch(/for matmul but received float64\[4,5\] and float64\[3,2\]/);
    expect(error?.message).toMatch(/layers\.test\.ts:\d+:\d+/);
  });

  test.each([
    [
      "conv2d",
      () =>
        apply(
          nn.conv2d(2, 1, { bias: false }),
          { weight: randomArray([3, 3, 2, 1], 1, Float64Array) },
          randomArray([1, 5, 5, 3], 1, Float64Array),
        ),
    ],
    ["avgPool", () => apply(nn.avgPool(), {}, randomArray([5, 5], 1, Float64Array))],
    [
      "maxPool",
      () => apply(nn.maxPool({ window: 6 }), {}, randomArray([1, 5, 5, 1], 1, Float64Array)),
    ],
  ])("are told of %s", (primitive, call) => {
    const error = refused(call);
    expect(error?.code).toBe("GLOCAL_BAD_SHAPE");
    expect(error?.message).toContain(`for ${primitive}`);
  });

  test.each([
    () => nn.linear(0, 3),
    () => nn.linear(2, 1.5),
    () => nn.conv2d(1, -1),
    () => nn.conv2d(1, 1, { kernel: 0 }),
  ])("and sizes that no layer has are refused at once (%#)", (make) => {
    expect(refused(make)?.code).toBe("GLOCAL_BAD_OPTION");
  });
});
