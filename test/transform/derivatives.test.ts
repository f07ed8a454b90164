/** grad, valueAndGrad and jvp: nesting, closures, trees, lanes. */
import { describe, expect, test } from "vitest";
import {
  array,
  grad,
  type HostArray,
  jit,
  jvp,
  ops,
  type Tensor,
  valueAndGrad,
} from "../../lib/index.js";
import { printGraph } from "../../lib/ir/print.js";
import { interpret } from "../../lib/reference/interpret.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import { simplify } from "../../lib/transform/simplify.js";

const at = (...numbers: number[]) => Float64Array.from(numbers);
const scalar = (x: number): HostArray => array(Float64Array.of(x), []);
const list = (x: HostArray) => Array.from(x.data);
const only = (x: HostArray) => {
  expect(x.shape).toEqual([]);
  return x.data[0] as number;
};

const cube = (x: Tensor) => ops.mul(x, ops.square(x));

describe("derivatives of derivatives", () => {
  test("grad of grad: (x³)″ = 6x, (x³)‴ = 6", () => {
    expect(only(grad(cube)(scalar(2)))).toBeCloseTo(12, 12);
    expect(only(grad(grad(cube))(scalar(2)))).toBeCloseTo(12, 12);
    expect(only(grad(grad(grad(cube)))(scalar(2)))).toBeCloseTo(6, 12);
  });

  test("jvp of jvp, jvp of grad and grad of jvp agree on a mixed second derivative", () => {
    const f = (x: Tensor) => ops.sum(ops.exp(ops.mul(x, ops.sin(x))));
    const slope = (x: Tensor) => jvp(f)([x], [ops.full(x.shape, 1, x.dtype)])[1];
    const one = at(1, 1, 1);
    const x = at(0.3, -0.7, 1.1);
    const second = (v: number) => {
      const e = Math.exp(v * Math.sin(v));
      const d = Math.sin(v) + v * Math.cos(v);
      return e * (d * d + 2 * Math.cos(v) - v * Math.sin(v));
    };
    const each = Array.from(x, second);
    const total = each.reduce((a, b) => a + b, 0);
    expect(only(jvp(slope)([x], [one])[1])).toBeCloseTo(total, 10);
    const forwardOverReverse = jvp(grad(f))([x], [one])[1];
    const reverseOverForward = grad(slope)(x);
    each.forEach((v, i) => {
      expect(forwardOverReverse.data[i]).toBeCloseTo(v, 10);
      expect(reverseOverForward.data[i]).toBeCloseTo(v, 10);
    });
  });

  test("Hessian-vector products through matrix products and convolutions are symmetric", () => {
    const f = (x: Tensor) => {
      const image = ops.reshape(x, [1, 3, 3, 1]);
      const kernel = ops.reshape(ops.slice(x, { limit: [4] }), [2, 2, 1, 1]);
      const y = ops.tanh(ops.conv2d(image, kernel));
      const m = ops.reshape(y, [2, 2]);
      return ops.sum(ops.square(ops.matmul(m, ops.transpose(m))));
    };
    const hvp = (x: Float64Array, v: Float64Array) => jvp(grad(f))([x], [v])[1].data;
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((s, v, i) => s + v * (b[i] as number), 0);
    const vector = (seed: number) =>
      Float64Array.from({ length: 9 }, (_, i) => Math.sin(seed + 1.7 * i));
    const [x, u, v] = [vector(1), vector(2), vector(3)];
    expect(dot(u, hvp(x, v))).toBeCloseTo(dot(v, hvp(x, u)), 11);
  });
});

describe("perturbations are not confused", () => {
  test("d/dx (x · d/dy (x + y)) = 1, by grad", () => {
    const f = (x: Tensor) => ops.mul(x, grad((y: Tensor) => ops.add(x, y))(x));
    expect(only(grad(f)(scalar(3)))).toBe(1);
  });

  test("d/dx (x · d/dy (x · y)) = 2x, by jvp", () => {
    const one = (x: Tensor) => ops.full(x.shape, 1, x.dtype);
    const f = (x: Tensor) => ops.mul(x, jvp((y: Tensor) => ops.mul(x, y))([x], [one(x)])[1]);
    expect(only(jvp(f)([scalar(3)], [scalar(1)])[1])).toBe(6);
  });

  test("a closure over the differentiated value is a constant of the inner derivative", () => {
    const f = (x: Tensor) => grad((y: Tensor) => ops.mul(x, ops.square(y)))(x);
    expect(only(jit(f)(scalar(3)))).toBe(18);
    expect(only(grad(f)(scalar(3)))).toBe(12);
  });

  test("stopGradient makes a factor a constant, in both modes", () => {
    const f = (x: Tensor) => ops.mul(x, ops.stopGradient(x));
    expect(only(grad(f)(scalar(3)))).toBe(3);
    expect(only(jvp(f)([scalar(3)], [scalar(1)])[1])).toBe(3);
  });
});

describe("trees and arguments", () => {
  const loss = ({ w, b }: { w: Tensor; b: Tensor[] }, x: Tensor) =>
    ops.sum(ops.add(ops.mul(w, x), b[0] as Tensor));

  test("a gradient is a tree like its argument, leaf by leaf of the same dtype and shape", () => {
    const g = grad(loss)({ w: at(1, 2), b: [at(3, 4)] }, at(5, 6));
    expect(Object.keys(g)).toEqual(["w", "b"]);
    expect(list(g.w)).toEqual([5, 6]);
    expect(list(g.b[0] as HostArray)).toEqual([1, 1]);
  });

  test("argnum chooses the argument", () => {
    const g = grad(loss, { argnum: 1 })({ w: at(1, 2), b: [at(3, 4)] }, at(5, 6));
    expect(list(g as unknown as HostArray)).toEqual([1, 2]);
  });

  test("what the result does not depend on has gradient zero", () => {
    const g = grad((p: { used: Tensor; idle: Tensor }) => ops.sum(p.used))({
      used: at(1),
      idle: at(2, 3),
    });
    expect(list(g.idle)).toEqual([0, 0]);
  });

  test("integer arguments may stand beside the differentiated one", () => {
    const pick = (table: Tensor, index: Tensor) => ops.sum(ops.gather(table, index));
    expect(list(grad(pick)(at(1, 2, 3), Int32Array.of(2, 2, 0)))).toEqual([1, 0, 2]);
  });

  test("valueAndGrad gives both", () => {
    const [value, gradient] = valueAndGrad(cube)(scalar(2));
    expect([only(value), only(gradient)]).toEqual([8, 12]);
  });

  test("jvp takes a tangent for every leaf and gives one for every result", () => {
    const f = (p: { a: Tensor }, q: Tensor) => ({
      product: ops.mul(p.a, q),
      first: p.a,
      none: ops.iota(2, "float64"),
    });
    const [value, tangent] = jvp(f)([{ a: at(2) }, at(3)], [{ a: at(10) }, at(100)]);
    expect(list(value.product)).toEqual([6]);
    expect(list(tangent.product)).toEqual([230]);
    expect(list(tangent.first)).toEqual([10]);
    expect(list(tangent.none)).toEqual([0, 0]);
  });

  test("an argument used twice in a tree gets each use's share", () => {
    const f = (p: readonly [Tensor, Tensor]) => ops.sum(ops.mul(p[0], p[1]));
    const inner = (x: Tensor) => grad(f)([x, ops.mul(x, 2)] as const);
    const [g0, g1] = jit(inner)(at(3)) as unknown as [HostArray, HostArray];
    expect([list(g0), list(g1)]).toEqual([[6], [3]]);
  });
});

describe("symbolic zeros", () => {
  test("a direction that does not reach an output leaves no trace of it", () => {
    const spec = (name: string) => ({
      name,
      type: { dtype: "float32", shape: [2], laned: false } as const,
    });
    const graph = traceFlat([spec("x"), spec("y"), spec("ẋ")], ([x, y, t]) => {
      const outputs = [ops.exp(y as Tensor), ops.mul(x as Tensor, y as Tensor)];
      const tangents = pushforward(outputs, new Map([[x as Tensor, t as Tensor]]));
      expect(tangents[0]).toBeNull();
      return [tangents[1] as Tensor];
    });
    expect(printGraph(simplify(graph))).toMatchInlineSnapshot(`
      "%0: float32[2] = input() {index: 0, name: "x"}
      %1: float32[2] = input() {index: 1, name: "y"}
      %2: float32[2] = input() {index: 2, name: "ẋ"}
      %3: float32[2] = mul(%2, %1)
      return %3"
    `);
  });

  test("a cotangent does not flow through integers, comparisons or random numbers", () => {
    const specs = [
      { name: "x", type: { dtype: "float32", shape: [2], laned: false } as const },
      { name: "key", type: { dtype: "int32", shape: [2], laned: false } as const },
    ];
    traceFlat(specs, ([x, key]) => {
      const v = x as Tensor;
      const dead = [
        ops.cast(ops.cast(v, "int32"), "float32"),
        ops.cast(ops.gt(v, 0), "float32"),
        ops.cast(ops.argmax(v), "float32"),
        ops.uniform(key as Tensor, [2]),
        ops.sign(v),
      ];
      for (const y of dead) expect(pullback([y], [ops.full(y.shape, 1)], [v])).toEqual([null]);
      return [v];
    });
  });
});

describe("lanes", () => {
  const specs = (laned: boolean) => [
    { name: "x", type: { dtype: "float64", shape: [2], laned: false } as const },
    { name: "ẋ", type: { dtype: "float64", shape: [2], laned } as const },
  ];

  test("laned tangents give each lane its own directional derivative", () => {
    const graph = traceFlat(specs(true), ([x, t]) => {
      const y = ops.sum(ops.exp(x as Tensor));
      return [pushforward([y], new Map([[x as Tensor, t as Tensor]]))[0] as Tensor];
    });
    const [tangent] = interpret(
      graph,
      [
        [0, 1],
        [1, 0, 0, 1, 2, 3],
      ],
      3,
    );
    const e = Math.E;
    expect(Array.from(tangent as Float64Array)).toEqual([1, e, 2 + 3 * e]);
  });

  test("plain jvp stands inside a step whose tangents are laned", () => {
    const graph = traceFlat(specs(true), ([x, t]) => {
      const inner = jvp((v: Tensor) => ops.sum(cube(v)))(
        [x as Tensor],
        [ops.full([2], 1, "float64")],
      )[1];
      return [pushforward([inner], new Map([[x as Tensor, t as Tensor]]))[0] as Tensor];
    });
    const [tangent] = interpret(
      graph,
      [
        [1, 2],
        [1, 0, 0, 1],
      ],
      2,
    );
    expect(Array.from(tangent as Float64Array)).toEqual([6, 12]);
  });

  test("a value that no laned direction reaches stays shared", () => {
    const graph = traceFlat(specs(true), ([x, t]) => {
      const y = ops.exp(x as Tensor);
      const tangent = pushforward([y], new Map([[x as Tensor, t as Tensor]]))[0] as Tensor;
      return [y, tangent];
    });
    expect(graph.outputs.map((y) => y.type.laned)).toEqual([false, true]);
  });
});
