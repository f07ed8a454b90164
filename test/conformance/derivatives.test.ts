/** Every derivative rule, in float64 on the reference: forward against reverse, and both against differences. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../lib/ir/graph.js";
import { interpret } from "../../lib/reference/interpret.js";
import type { Instance } from "./case.js";
import { cases } from "./cases.js";
import { expectClose } from "./compare.js";
import {
  argumentValues,
  derivativesGraph,
  directions,
  gradientGraph,
  isSmooth,
  valueGraph,
  variables,
} from "./graphs.js";

const RUNS = 12;
/** Central differences: the step's square times a third derivative of some tens, and rounding (1e-16) over the step. */
const STEP = 1e-5;
const DIFFERENCES = 1e-7;
/** Sums of some hundred products in float64, in two orders. */
const ADJOINT = 1e-12;

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((total, v, i) => total + v * (b[i] as number), 0);

interface Evaluated {
  readonly values: number[][];
  readonly cotangent: number[];
  readonly tangents: number[][];
  readonly gradients: Float64Array[];
  readonly valueTangent: Float64Array;
  readonly gradientTangents: Float64Array[];
}

function evaluate(instance: Instance): Evaluated {
  const graph = derivativesGraph(instance, "float64", false);
  const values = argumentValues(instance, "float64");
  const [cotangent = [], ...tangents] = directions(graph, values.length, instance.seed, 1);
  const outputs = interpret(graph, [...values, cotangent, ...tangents]);
  const half = outputs.length / 2;
  return {
    values,
    cotangent,
    tangents,
    gradients: outputs.slice(1, half),
    valueTangent: outputs[half] as Float64Array,
    gradientTangents: outputs.slice(half + 1),
  };
}

/** (f(x + h·ẋ) − f(x − h·ẋ)) / 2h, for every output. */
function differences(
  f: (values: number[][]) => Float64Array[],
  instance: Instance,
  { values, tangents }: Evaluated,
): number[][] {
  const moved = (h: number) => {
    const at = values.map((v) => [...v]);
    variables(instance).forEach((argument, k) => {
      const v = at[argument] as number[];
      v.forEach((x, i) => {
        v[i] = x + h * ((tangents[k] as number[])[i] as number);
      });
    });
    return f(at);
  };
  const [above, below] = [moved(STEP), moved(-STEP)];
  return above.map((a, k) =>
    Array.from(a, (v, i) => (v - ((below[k] as Float64Array)[i] as number)) / (2 * STEP)),
  );
}

describe.each(cases.filter((c) => c.differentiable))("$name", ({ instances }) => {
  const smooth = instances.filter((instance) => isSmooth(instance, "float64"));
  const check = (property: (instance: Instance, at: Evaluated) => void) =>
    fc.assert(
      fc.property(smooth, (instance) => property(instance, evaluate(instance))),
      { numRuns: RUNS },
    );

  test("reverse mode is the transpose of forward mode: ⟨ȳ, Jẋ⟩ = ⟨Jᵀȳ, ẋ⟩", () => {
    check((_, { cotangent, tangents, gradients, valueTangent }) => {
      const forward = dot(cotangent, valueTangent);
      const reverse = gradients.reduce((sum, g, i) => sum + dot(g, tangents[i] as number[]), 0);
      const size = gradients.reduce((sum, g) => sum + Math.sqrt(dot(g, g)), 1);
      expect(Math.abs(forward - reverse)).toBeLessThanOrEqual(ADJOINT * size * 10);
    });
  });

  test("forward mode agrees with central differences", () => {
    check((instance, at) => {
      const graph = valueGraph(instance, "float64");
      const expected = differences((values) => interpret(graph, values), instance, at);
      expectClose([at.valueTangent], expected, DIFFERENCES, "tangent");
    });
  });

  test("forward mode over reverse mode agrees with differences of the gradient", () => {
    check((instance, at) => {
      const graph = gradientGraph(instance, "float64");
      const gradient = (values: number[][]) => interpret(graph, [...values, at.cotangent]);
      const expected = differences(gradient, instance, at);
      expectClose(at.gradientTangents, expected, DIFFERENCES, "tangent of the gradient");
    });
  });

  test("derivatives have the dtype and shape of what they belong to", () => {
    check((instance) => {
      for (const dtype of ["float32", "float64"] as const) {
        const graph = derivativesGraph(instance, dtype, false);
        const types = graph.outputs.map((y) => y.type);
        const half = types.length / 2;
        expect(types.slice(half)).toEqual(types.slice(0, half));
        const wrt = variables(instance).map((i) => (graph.inputs[i] as Tensor).type);
        expect(types.slice(1, half)).toEqual(wrt);
      }
    });
  });
});
