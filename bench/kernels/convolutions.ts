/** Convolutions, forwards and both gradients, of every kind that LeNet and WRN-28-2 have. */
import type { Tensor } from "../../lib/ir/graph.js";
import type { Shape } from "../../lib/ir/types.js";
import {
  conv2dFilterGradPrimitive,
  conv2dInputGradPrimitive,
  conv2dPrimitive,
} from "../../lib/ops/conv.js";
import { resolveGeometry } from "../../lib/ops/window.js";
import { arithmetic, type KernelCase, programOf } from "./case.js";

const BATCH = 128;
const LANES = 3;

interface Layer {
  readonly name: string;
  /** Height and width of the input. */
  readonly size: number;
  readonly c: number;
  readonly o: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  /** The data's own layer: nothing asks for the gradient of images, and images have no tangents. */
  readonly first?: boolean;
}

const LENET: readonly Layer[] = [
  { name: "LeNet 1", size: 28, c: 1, o: 16, kernel: 5, first: true },
  { name: "LeNet 2", size: 12, c: 16, o: 16, kernel: 5 },
];

const WRN: readonly Layer[] = [
  { name: "WRN first", size: 32, c: 3, o: 16, kernel: 3, padding: 1, first: true },
  { name: "WRN widening", size: 32, c: 16, o: 32, kernel: 3, padding: 1 },
  { name: "WRN stage 1", size: 32, c: 32, o: 32, kernel: 3, padding: 1 },
  { name: "WRN stride 2", size: 32, c: 32, o: 64, kernel: 3, stride: 2, padding: 1 },
  { name: "WRN stage 2", size: 16, c: 64, o: 64, kernel: 3, padding: 1 },
  { name: "WRN stride 2", size: 16, c: 64, o: 128, kernel: 3, stride: 2, padding: 1 },
  { name: "WRN stage 3", size: 8, c: 128, o: 128, kernel: 3, padding: 1 },
  { name: "WRN shortcut", size: 32, c: 16, o: 32, kernel: 1 },
  { name: "WRN shortcut", size: 32, c: 32, o: 64, kernel: 1, stride: 2 },
  { name: "WRN shortcut", size: 16, c: 64, o: 128, kernel: 1, stride: 2 },
];

type Pass = "forward" | "input gradient" | "filter gradient";

/** The two factors of each bilinear pass. */
const FACTORS: Readonly<Record<Pass, readonly [string, string]>> = {
  forward: ["x", "w"],
  "input gradient": ["ȳ", "w"],
  "filter gradient": ["x", "ȳ"],
};

function convolutionCase(layer: Layer, pass: Pass, laned?: 0 | 1): KernelCase {
  const { name, size, c, o, kernel, stride = 1, padding = 0 } = layer;
  const geometry = resolveGeometry("conv2d", { stride, padding }, [kernel, kernel], [1, 1]);
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const shapes: Readonly<Record<string, Shape>> = {
    x: [BATCH, size, size, c],
    w: [kernel, kernel, c, o],
    ȳ: [BATCH, out, out, o],
  };
  const apply = (a: Tensor, b: Tensor): Tensor => {
    if (pass === "forward") return conv2dPrimitive([a, b], geometry);
    return pass === "input gradient"
      ? conv2dInputGradPrimitive([a, b], { ...geometry, size: [size, size] })
      : conv2dFilterGradPrimitive([a, b], { ...geometry, kernel: [kernel, kernel] });
  };
  const factors = FACTORS[pass];
  const program = programOf(
    factors.map((factor, i) => ({ shape: shapes[factor] as Shape, laned: i === laned })),
    (a, b) => [apply(a, b)],
    laned === undefined ? {} : { lanes: LANES },
  );
  const strided = stride > 1 ? ` / ${stride}` : "";
  const lanes = laned === undefined ? "" : `, ${LANES} lanes of ${factors[laned]}`;
  return {
    group: "conv",
    name: `${name} ${pass}`,
    shape: `${BATCH}×${size}×${size}×${c} ∗ ${kernel}×${kernel}→${o}${strided}${lanes}`,
    program,
    work: arithmetic(program),
  };
}

const passes = ({ first }: Layer): Pass[] =>
  first ? ["forward", "filter gradient"] : ["forward", "input gradient", "filter gradient"];

const plainCases = (layer: Layer) => passes(layer).map((pass) => convolutionCase(layer, pass));

/** Either factor may carry the lanes, but images do not. */
const lanedCases = (layer: Layer) =>
  passes(layer).flatMap((pass) =>
    ([0, 1] as const)
      .filter((factor) => !(layer.first && FACTORS[pass][factor] === "x"))
      .map((factor) => convolutionCase(layer, pass, factor)),
  );

export const convolutionCases = (): KernelCase[] => [
  ...LENET.flatMap(plainCases),
  ...LENET.flatMap(lanedCases),
  ...WRN.flatMap(plainCases),
];
