/** Models: LeNet as it is known, initial values, predictions. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  array,
  type HostArray,
  jit,
  loadParams,
  nn,
  ops,
  saveParams,
  type Tensor,
} from "../../lib/index.js";
import { flatten } from "../../lib/ir/tree.js";
import { randomArray } from "../hyper/support.js";

const isArray = (x: unknown): x is HostArray => typeof x === "object" && !!x && "shape" in x;

describe("LeNet", () => {
  const lenet = nn.lenet();
  const params = lenet.initialize(0);

  test("has 15,386 parameters with the known names and shapes", () => {
    const [arrays, { paths }] = flatten(params, isArray);
    expect(Object.fromEntries(paths.map((path, i) => [path, arrays[i]?.shape]))).toEqual({
      "conv1.weight": [5, 5, 1, 16],
      "conv1.bias": [16],
      "conv2.weight": [5, 5, 16, 16],
      "conv2.bias": [16],
      "linear1.weight": [256, 32],
      "linear1.bias": [32],
      "linear2.weight": [32, 10],
      "linear2.bias": [10],
    });
    expect(nn.countParams(params)).toBe(15_386);
    expect(arrays.every(({ data }) => data instanceof Float32Array)).toBe(true);
  });

  test("takes other channels and classes", () => {
    const other = nn.lenet({ channels: 3, classes: 7 }).initialize(0) as {
      [name: string]: { weight: HostArray };
    };
    expect(other.conv1?.weight.shape).toEqual([5, 5, 3, 16]);
    expect(other.linear2?.weight.shape).toEqual([32, 7]);
  });

  test("starts every weight and bias within ±1/√fan_in, and fills that range", () => {
    const fans = { conv1: 25, conv2: 400, linear1: 256, linear2: 32 };
    for (const [name, fan] of Object.entries(fans)) {
      const { weight, bias } = params[name] as { weight: HostArray; bias: HostArray };
      const bound = 1 / Math.sqrt(fan);
      // Float32 rounds the bound itself by 6e-8 of it.
      for (const v of [...weight.data, ...bias.data])
        expect(Math.abs(v)).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(Math.max(...weight.data)).toBeGreaterThan(0.95 * bound);
      expect(Math.min(...weight.data)).toBeLessThan(-0.95 * bound);
    }
  });

  test("starts the same for the same seed and elsewhere for another", () => {
    expect(lenet.initialize(0)).toEqual(params);
    expect(lenet.initialize(1)).not.toEqual(params);
  });

  test("predicts the logits that apply gives, whatever the size of batches", () => {
    const x = randomArray([7, 28, 28, 1], 1, Float32Array);
    const apply = jit((p: never, input: Tensor) =>
      lenet.apply(p, input, { train: false, key: ops.zeros([2], "int32") }),
    );
    const direct = apply(params as never, x);
    expect(direct.shape).toEqual([7, 10]);
    for (const batchSize of [1, 3, 7, 100]) {
      const predicted = lenet.predict(params, x, { batchSize });
      expect(predicted.shape).toEqual([7, 10]);
      // Batches change the order of no sum over inputs but that inside a product: float32 rounding.
      predicted.data.forEach((v, i) => {
        expect(Math.abs(v - (direct.data[i] as number))).toBeLessThan(1e-6);
      });
    }
  });

  test("predicts in float64 when parameters and inputs are", () => {
    const wide = lenet.predict(
      lenet.initialize(0, "float64"),
      randomArray([2, 28, 28, 1], 1, Float64Array),
    );
    expect(wide.data).toBeInstanceOf(Float64Array);
    expect(wide.data.every(Number.isFinite)).toBe(true);
  });

  test("refuses inputs of no rows, of another dtype, or of another size", () => {
    const code = (x: HostArray) => {
      try {
        lenet.predict(params, x);
        return undefined;
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(code(array(new Float32Array(0), [0, 28, 28, 1]))).toBe("GLOCAL_BAD_SHAPE");
    expect(code(randomArray([1, 28, 28, 1], 1, Float64Array))).toBe("GLOCAL_BAD_DTYPE");
    expect(code(randomArray([1, 8, 8, 1], 1, Float32Array))).toBe("GLOCAL_BAD_SHAPE");
  });

  test("predicts the same from saved and loaded parameters", async () => {
    const folder = await mkdtemp(join(tmpdir(), "glocal-model-"));
    try {
      const file = join(folder, "lenet.safetensors");
      await saveParams(file, params);
      const loaded = await loadParams(file, params);
      const x = randomArray([3, 28, 28, 1], 2, Float32Array);
      expect(lenet.predict(loaded, x)).toEqual(lenet.predict(params, x));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("wide residual networks", () => {
  test.each([
    [28, 2, 1_467_610],
    [16, 2, 691_674],
  ])("WRN-%i-%i has %i parameters", (depth, width, count) => {
    expect(nn.countParams(nn.wideResnet(depth, width).initialize(0))).toBe(count);
  });

  test("halves the image twice and gives logits", () => {
    const small = nn.wideResnet(10, 1, { channels: 1, classes: 3 });
    const x = randomArray([2, 8, 8, 1], 1, Float32Array);
    const logits = small.predict(small.initialize(0), x);
    expect(logits.shape).toEqual([2, 3]);
    expect(logits.data.every(Number.isFinite)).toBe(true);
  });

  test("have depths of 6n + 4", () => {
    expect(() => nn.wideResnet(12, 2)).toThrow(/6n \+ 4|depth/);
  });
});

describe("initialisers", () => {
  const fan = { in: 40, out: 60 };
  const draw = (initializer: nn.Initializer, dtype: "float32" | "float64" = "float64") => {
    const module = {
      ...nn.flatten(),
      init: (c: nn.InitContext) => ({ w: initializer([200, 100], fan, c) }),
    };
    return nn.model("draw", module).initialize(3, dtype).w as HostArray;
  };
  const moments = (drawn: HostArray) => {
    const data = [...drawn.data];
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
    return {
      mean,
      deviation: Math.sqrt(variance),
      most: Math.max(...data),
      least: Math.min(...data),
    };
  };

  test("zeros and ones are that", () => {
    expect(draw(nn.initializers.zeros).data.every((v) => v === 0)).toBe(true);
    expect(draw(nn.initializers.ones).data.every((v) => v === 1)).toBe(true);
  });

  // 20,000 draws: a mean is within 4 deviations / √20,000, a deviation within 2 % of what it should be.
  test.each([
    ["fanInUniform", nn.initializers.fanInUniform, 1 / Math.sqrt(40)],
    ["glorotUniform", nn.initializers.glorotUniform, Math.sqrt(6 / 100)],
  ] as const)("%s is uniform within its bound", (_, initializer, bound) => {
    for (const dtype of ["float32", "float64"] as const) {
      const { mean, deviation, most, least } = moments(draw(initializer, dtype));
      expect(most).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(least).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
      expect(most).toBeGreaterThan(0.99 * bound);
      expect(least).toBeLessThan(-0.99 * bound);
      expect(Math.abs(mean)).toBeLessThan((4 * bound) / Math.sqrt(3 * 20_000));
      expect(Math.abs(deviation / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.02);
    }
  });

  test.each([
    ["heNormal", nn.initializers.heNormal, Math.sqrt(2 / 40)],
    ["normal(0.3)", nn.initializers.normal(0.3), 0.3],
  ] as const)("%s is normal with its deviation", (_, initializer, expected) => {
    for (const dtype of ["float32", "float64"] as const) {
      const drawn = draw(initializer, dtype);
      const { mean, deviation } = moments(drawn);
      expect(Math.abs(mean)).toBeLessThan((4 * expected) / Math.sqrt(20_000));
      expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.02);
      // 68.3 % of a normal distribution lie within one deviation.
      const near = drawn.data.filter((v: number) => Math.abs(v) < expected).length / 20_000;
      expect(Math.abs(near - 0.683)).toBeLessThan(0.015);
      expect(drawn.data.every(Number.isFinite)).toBe(true);
    }
  });

  test("weights of two layers of the same shape differ", () => {
    const two = nn.model("two", nn.sequential({ a: nn.linear(4, 4), b: nn.linear(4, 4) }));
    const { a, b } = two.initialize(0) as { [name: string]: { weight: HostArray } };
    expect(a?.weight.data).not.toEqual(b?.weight.data);
  });
});

describe("losses", () => {
  test("cross-entropy of softmax, in nats, one per example", () => {
    const logits = array(Float64Array.of(1, 2, 3, 0, 0, 0), [2, 3]);
    const labels = array(Int32Array.of(2, 0));
    const run = jit(nn.softmaxCrossEntropy);
    const { data, shape } = run(logits, labels);
    expect(shape).toEqual([2]);
    const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
    expect(data[0]).toBeCloseTo(Math.log(total) - 3, 12);
    expect(data[1]).toBeCloseTo(Math.log(3), 12);
  });

  test("stays finite for logits beyond what exp can hold", () => {
    const run = jit(nn.softmaxCrossEntropy);
    const { data } = run(array(Float64Array.of(1e4, 0, -1e4), [1, 3]), array(Int32Array.of(1)));
    expect(data[0]).toBe(1e4);
  });
});
