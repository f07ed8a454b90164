/** jit on host values: dtypes, shapes, trees, caching, and what is refused. */
import { describe, expect, test, vi } from "vitest";
import {
  array,
  GlocalError,
  grad,
  type HostArray,
  jit,
  jvp,
  ops,
  type Tensor,
} from "../../lib/index.js";

const values = (x: HostArray) => Array.from(x.data);
const double = (x: Tensor) => ops.add(x, x);

function errorOf(f: () => unknown): GlocalError {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(GlocalError);
    return error as GlocalError;
  }
  return expect.fail("nothing was thrown");
}

describe("what goes in and comes out", () => {
  test("typed arrays have one axis and keep their dtype", () => {
    const run = jit(double);
    for (const x of [Float32Array.of(1, 2), Float64Array.of(1, 2), Int32Array.of(1, 2)]) {
      const y = run(x);
      expect(y.data.constructor).toBe(x.constructor);
      expect(y).toEqual({ data: x.map((v) => 2 * v), shape: [2] });
    }
  });

  test("a Uint8Array counts as bool", () => {
    const y = jit((x: Tensor) => ops.not(x))(Uint8Array.of(0, 1));
    expect(y).toEqual({ data: Uint8Array.of(1, 0), shape: [2] });
  });

  test("array() gives a shape, and refuses one that does not fit", () => {
    const y = jit((x: Tensor) => ops.transpose(x))(array([1, 2, 3, 4, 5, 6], [2, 3]));
    expect(y).toEqual({ data: Float32Array.of(1, 4, 2, 5, 3, 6), shape: [3, 2] });
    for (const shape of [[4], [2, 2], [-3, -1], [1.5, 2]])
      expect(errorOf(() => array([1, 2, 3], shape)).code).toBe("GLOCAL_BAD_SHAPE");
  });

  test("a wrong shape in a plain object is refused, too", () => {
    const bad = { data: new Float32Array(3), shape: [2] };
    expect(errorOf(() => jit(double)(bad)).code).toBe("GLOCAL_BAD_SHAPE");
  });

  test("numbers are scalars: float64 exactly when another leaf is", () => {
    const scale = jit((x: Tensor, by: Tensor) => ops.mul(x, by));
    expect(scale(Float64Array.of(1), 0.1)).toEqual({ data: Float64Array.of(0.1), shape: [1] });
    expect(scale(Float32Array.of(1), 0.1)).toEqual({ data: Float32Array.of(0.1), shape: [1] });
    expect(jit(double)(3)).toEqual({ data: Float32Array.of(6), shape: [] });
  });

  test("trees come back as they were returned, numbers as scalars", () => {
    const f = (p: { a: Tensor; list: readonly Tensor[] }) => ({
      ...p,
      nested: { sum: ops.sum(p.a), two: 2 },
      empty: [],
    });
    const y = jit(f)({ a: Float32Array.of(1, 2), list: [Float32Array.of(3)] });
    expect(Object.keys(y)).toEqual(["a", "list", "nested", "empty"]);
    expect(values(y.a)).toEqual([1, 2]);
    expect(values(y.list[0] as HostArray)).toEqual([3]);
    expect(values(y.nested.sum)).toEqual([3]);
    expect(values(y.nested.two)).toEqual([2]);
    expect(y.empty).toEqual([]);
  });

  test("results are the caller's own: the next call does not change them, nor the arguments", () => {
    const run = jit(double);
    const x = Float32Array.of(1, 2);
    const first = run(x);
    run(Float32Array.of(5, 6));
    expect(values(first)).toEqual([2, 4]);
    expect(x).toEqual(Float32Array.of(1, 2));
  });

  test("a view into a larger buffer is read where it starts", () => {
    const whole = Float64Array.of(1, 2, 3, 4);
    expect(values(jit(double)(whole.subarray(1, 3)))).toEqual([4, 6]);
  });

  test("no arguments, no results", () => {
    expect(values(jit(() => ops.iota(3))())).toEqual([0, 1, 2]);
    expect(jit((_: Tensor) => ({}))(1)).toEqual({});
  });

  test("an argument returned as it is, twice, and a constant", () => {
    const y = jit((x: Tensor) => [x, x, ops.full([2], 0.1, "float64")] as const)(
      Float64Array.of(7),
    );
    expect(y.map(values)).toEqual([[7], [7], [0.1, 0.1]]);
  });

  test("int32 keeps every one of its values, also through views, sums and joins", () => {
    const numbers = Int32Array.of(16_777_217, -(2 ** 31), 2 ** 31 - 1, 5);
    const f = (x: Tensor) => [
      ops.transpose(ops.reshape(x, [2, 2])),
      ops.concat([x, x]),
      ops.max(x),
      ops.sum(ops.slice(x, { limit: [1] })),
      ops.pad(x, { low: [1] }),
    ];
    const [t, two, max, sum, padded] = jit(f)(numbers).map(values);
    expect(t).toEqual([16_777_217, 2 ** 31 - 1, -(2 ** 31), 5]);
    expect(two).toEqual([...numbers, ...numbers]);
    expect(max).toEqual([2 ** 31 - 1]);
    expect(sum).toEqual([16_777_217]);
    expect(padded).toEqual([0, ...numbers]);
  });

  test("comparisons of float64 choose among float32, at float64 accuracy", () => {
    const f = (a: Tensor, b: Tensor, x: Tensor) => ops.where(ops.not(ops.lt(a, b)), x, ops.neg(x));
    const y = jit(f)(Float64Array.of(1), Float64Array.of(1 + 1e-12), Float32Array.of(3));
    expect(y).toEqual({ data: Float32Array.of(-3), shape: [1] });
  });
});

describe("sizes", () => {
  test("arrays without elements", () => {
    const f = (x: Tensor) => ({
      same: ops.exp(x),
      sum: ops.sum(x, { axes: [0] }),
      product: ops.matmul(ops.transpose(x), x),
      padded: ops.pad(x, { low: [1, 0] }),
      joined: ops.concat([x, ops.ones([1, 3])]),
    });
    const y = jit(f)(array(new Float32Array(0), [0, 3]));
    expect(y.same).toEqual({ data: new Float32Array(0), shape: [0, 3] });
    expect(values(y.sum)).toEqual([0, 0, 0]);
    expect(values(y.product)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(y.padded).toEqual({ data: new Float32Array(3), shape: [1, 3] });
    expect(values(y.joined)).toEqual([1, 1, 1]);
  });

  test("gradients by arrays without elements", () => {
    const g = grad((x: Tensor) => ops.sum(ops.square(x)))(new Float64Array(0));
    expect(g).toEqual({ data: new Float64Array(0), shape: [0] });
  });

  test("ten million elements", () => {
    const x = new Float32Array(10_000_000).fill(0.5);
    const y = jit((v: Tensor) => [ops.sum(v), ops.slice(ops.add(v, 1), { start: [9_999_998] })])(x);
    expect(y.map(values)).toEqual([[5_000_000], [1.5, 1.5]]);
  });

  test("a graph of ten thousand operations", () => {
    const deep = (x: Tensor) => {
      let y = x;
      for (let i = 0; i < 5000; i++) y = ops.add(ops.mul(y, 0.999), 0.001);
      return y;
    };
    const [value, tangent] = jvp(deep)([Float64Array.of(2)], [Float64Array.of(1)]);
    expect(value.data[0]).toBeCloseTo(1 + 0.999 ** 5000, 10);
    expect(tangent.data[0]).toBeCloseTo(0.999 ** 5000, 10);
    expect(grad((x: Tensor) => ops.sum(deep(x)))(Float64Array.of(2)).data[0]).toBeCloseTo(
      0.999 ** 5000,
      10,
    );
  });

  test("sixteen axes' worth of broadcasting, transposing and slicing", () => {
    const shape = [2, 1, 2, 1, 2, 1, 2];
    const x = array(
      Float64Array.from({ length: 16 }, (_, i) => i),
      shape,
    );
    const f = (v: Tensor) => ops.sum(ops.mul(v, ops.transpose(v)), { axes: [0, 2, 4, 6] });
    const y = jit(f)(x);
    // The transpose reverses the bits of the index.
    const reversed = (i: number) =>
      ((i & 1) << 3) | ((i & 2) << 1) | ((i & 4) >> 1) | ((i & 8) >> 3);
    const want = Array.from({ length: 16 }, (_, i) => i * reversed(i)).reduce((a, b) => a + b);
    expect(values(y)).toEqual([want]);
  });
});

describe("tracing", () => {
  test("happens once for each combination of tree, shapes and dtypes", () => {
    const f = vi.fn((p: { x: Tensor } | readonly Tensor[]) => ("x" in p ? p.x : (p[0] as Tensor)));
    const run = jit(f);
    run({ x: Float32Array.of(1) });
    run({ x: Float32Array.of(2) });
    expect(f).toHaveBeenCalledTimes(1);
    run({ x: Float32Array.of(1, 2) });
    expect(f).toHaveBeenCalledTimes(2);
    run({ x: Float64Array.of(1) });
    expect(f).toHaveBeenCalledTimes(3);
    run({ x: array(Float32Array.of(1), []) });
    expect(f).toHaveBeenCalledTimes(4);
    run([Float32Array.of(1)]);
    expect(f).toHaveBeenCalledTimes(5);
  });

  test("tells lists from objects with the same keys, and trees that differ in empty branches", () => {
    const run = jit((p: unknown) => p as Tensor) as unknown as (p: unknown) => unknown;
    const one = { data: Float32Array.of(1), shape: [1] };
    expect(run([one])).toEqual([one]);
    expect(run({ 0: one })).toEqual({ 0: one });
    expect(run({ 0: one, more: {} })).toEqual({ 0: one, more: {} });
    expect(run({ 0: one, more: [] })).toEqual({ 0: one, more: [] });
  });

  test("keeps nothing of a trace that failed", () => {
    let fail = true;
    const run = jit((x: Tensor) => {
      if (fail) throw new Error("mine");
      return x;
    });
    expect(() => run(1)).toThrow("mine");
    fail = false;
    expect(values(run(1))).toEqual([1]);
  });

  test("a jitted function inside another is part of its trace", () => {
    const inner = vi.fn(double);
    const run = jit((x: Tensor) => ops.mul(jit(inner)(x), 3));
    expect(values(run(2))).toEqual([12]);
    expect(inner).toHaveBeenCalledTimes(1);
  });

  test("host arrays are constants by ops.literal", () => {
    const table = { data: Float32Array.of(10, 20), shape: [2] };
    expect(
      values(jit((x: Tensor) => ops.mul(x, ops.literal(table)))(Float32Array.of(1, 2))),
    ).toEqual([10, 40]);
  });
});

describe("what cannot be traced", () => {
  test("operations outside a trace", () => {
    const { code, message } = errorOf(() => ops.zeros([2]));
    expect(code).toBe("GLOCAL_TRACE");
    expect(message).toMatch(/jit, grad or jvp.*\(at .*test\/runtime\/jit\.test\.ts:\d+:\d+\)/);
  });

  test("operations on plain numbers alone", () => {
    const { code, message } = errorOf(() => jit(() => ops.add(1, 2))());
    expect(code).toBe("GLOCAL_TRACE");
    expect(message).toContain("at least one tensor for add");
  });

  test("a tensor kept from an earlier trace", () => {
    let kept: Tensor | undefined;
    jit((x: Tensor) => {
      kept = x;
      return x;
    })(1);
    const { code, message } = errorOf(() => jit((x: Tensor) => ops.add(x, kept as Tensor))(1));
    expect(code).toBe("GLOCAL_TRACE");
    expect(message).toMatch(/add.*another trace.*\(at .*jit\.test\.ts:\d+:\d+\)/);
  });

  test("a tensor of an earlier trace as a result", () => {
    let kept: Tensor | undefined;
    jit((x: Tensor) => {
      kept = x;
      return x;
    })(1);
    expect(errorOf(() => jit((_: Tensor) => kept as Tensor)(1)).code).toBe("GLOCAL_TRACE");
  });

  test("promises, nothing, and things that are no arrays", () => {
    const promise = (async (x: Tensor) => x) as unknown as (x: Tensor) => Tensor;
    expect(errorOf(() => jit(promise)(1)).message).toContain("a promise");
    const nothing = ((_: Tensor) => undefined) as unknown as (x: Tensor) => Tensor;
    expect(errorOf(() => jit(nothing)(1)).message).toContain("undefined");
    const word = (() => ({ a: "text" })) as unknown as () => Tensor;
    expect(errorOf(() => jit(word)()).message).toContain('at "a" but received String');
    const loose = jit(double) as unknown as (x: unknown) => unknown;
    expect(errorOf(() => loose({ x: new Map() })).message).toContain('"0.x" but received Map');
    expect(errorOf(() => loose(null)).code).toBe("GLOCAL_TRACE");
  });
});

describe("devices", () => {
  test("an unknown device, thread count or SIMD level is refused before anything runs", () => {
    const bad = [{ device: "tpu" }, { threads: 0 }, { threads: 1.5 }, { simd: "sse9" }];
    for (const options of bad)
      expect(errorOf(() => jit(double, options as never)(1)).code).toBe("GLOCAL_BAD_OPTION");
  });

  test("one thread and two give the same bits", () => {
    const f = (x: Tensor) => ops.sum(ops.exp(ops.sin(x)));
    const x = Float32Array.from({ length: 100_000 }, (_, i) => i / 777);
    expect(jit(f, { threads: 1 })(x)).toEqual(jit(f, { threads: 2 })(x));
  });
});
