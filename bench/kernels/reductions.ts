/** Sums and maxima, and pooling. */
import type { Tensor } from "../../lib/ir/graph.js";
import type { Shape } from "../../lib/ir/types.js";
import { sum } from "../../lib/ops/broadcast.js";
import { avgPool, avgPoolGradPrimitive, maxPool } from "../../lib/ops/pool.js";
import { max } from "../../lib/ops/reduce.js";
import { resolveGeometry } from "../../lib/ops/window.js";
import { pullback } from "../../lib/transform/derivative.js";
import { type Group, type KernelCase, type Operand, programOf, traffic } from "./case.js";

function memoryCase(
  group: Group,
  name: string,
  shapes: readonly Shape[],
  body: (...xs: Tensor[]) => readonly Tensor[],
): KernelCase {
  const program = programOf(
    shapes.map((shape): Operand => ({ shape })),
    body,
  );
  return { group, name, shape: `[${shapes[0]}]`, program, work: traffic(program) };
}

const reduction = (name: string, shape: Shape, body: (x: Tensor) => Tensor) =>
  memoryCase("reduction", name, [shape], (x) => [body(x)]);

const biasGradient = (shape: Shape) =>
  reduction("bias gradient", shape, (g) => sum(g, { axes: [0, 1, 2] }));

export const reductionCases = (): KernelCase[] => [
  reduction("sum of all", [1 << 20], (x) => sum(x)),
  reduction("sum of rows", [1024, 1024], (x) => sum(x, { axes: [1] })),
  reduction("sum of columns", [1024, 1024], (x) => sum(x, { axes: [0] })),
  reduction("maximum of rows", [128, 10], (x) => max(x, { axes: [1] })),
  reduction("maximum of rows", [1024, 1024], (x) => max(x, { axes: [1] })),
  biasGradient([128, 24, 24, 16]),
  biasGradient([128, 8, 8, 16]),
  biasGradient([128, 32, 32, 32]),
  reduction("global mean", [128, 8, 8, 128], (x) => sum(x, { axes: [1, 2] })),
];

const WINDOW = [2, 2] as const;

/** The pools of LeNet, and what max pooling would cost in their place. */
function poolCases(shape: readonly [number, number, number, number]): KernelCase[] {
  const [n, h, w, c] = shape;
  const pooled = [n, h / 2, w / 2, c];
  const geometry = resolveGeometry("avgPool", {}, WINDOW, WINDOW);
  const averageGradient = (g: Tensor) =>
    avgPoolGradPrimitive([g], { ...geometry, window: WINDOW, size: [h, w] });
  return [
    memoryCase("pooling", "average 2×2", [shape], (x) => [avgPool(x)]),
    memoryCase("pooling", "average 2×2 gradient", [pooled], (g) => [averageGradient(g)]),
    memoryCase("pooling", "maximum 2×2", [shape], (x) => [maxPool(x)]),
    memoryCase(
      "pooling",
      "maximum 2×2 gradient",
      [shape, pooled],
      (x, g) => pullback([maxPool(x)], [g], [x]) as Tensor[],
    ),
  ];
}

export const poolingCases = (): KernelCase[] => [
  ...poolCases([128, 24, 24, 16]),
  ...poolCases([128, 8, 8, 16]),
];
