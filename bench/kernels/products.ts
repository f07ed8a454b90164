/** Matrix products: squares, and those of LeNet's and WideResNet's linear layers. */
import { matmul } from "../../lib/ops/matmul.js";
import { arithmetic, type KernelCase, type Operand, programOf } from "./case.js";

interface Layout {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

interface Product extends Layout {
  readonly name: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Lanes of the left operand: more rows of one product. */
  readonly lanes?: number;
}

const layoutName = ({ transA, transB }: Layout) => `${transA ? "aᵀ" : "a"}·${transB ? "bᵀ" : "b"}`;

const square = (side: number, layout: Layout = {}): Product => ({
  name: `square ${layoutName(layout)}`,
  m: side,
  k: side,
  n: side,
  ...layout,
});

/** A linear layer forwards, towards its inputs and towards its weights. */
function layer(name: string, batch: number, inputs: number, outputs: number): Product[] {
  return [
    { name: `${name} forward`, m: batch, k: inputs, n: outputs },
    { name: `${name} input gradient`, m: batch, k: outputs, n: inputs, transB: true },
    { name: `${name} weight gradient`, m: inputs, k: batch, n: outputs, transA: true },
  ];
}

const PRODUCTS: readonly Product[] = [
  ...[128, 256, 512, 1024].map((side) => square(side)),
  square(512, { transA: true }),
  square(512, { transB: true }),
  ...layer("LeNet linear 1", 128, 256, 32),
  ...layer("LeNet linear 2", 128, 32, 10),
  { name: "LeNet linear 1 forward", m: 128, k: 256, n: 32, lanes: 3 },
  ...layer("WRN linear", 128, 128, 10),
];

function productCase({ name, m, k, n, lanes = 1, transA = false, transB = false }: Product) {
  const left: Operand = { shape: transA ? [k, m] : [m, k], laned: lanes > 1 };
  const right: Operand = { shape: transB ? [n, k] : [k, n] };
  const program = programOf([left, right], (a, b) => [matmul(a, b, { transA, transB })], { lanes });
  const shape = `${m}×${k}×${n}${lanes > 1 ? `, ${lanes} lanes of a` : ""}`;
  return { group: "gemm", name, shape, program, work: arithmetic(program) } as const;
}

export const productCases = (): KernelCase[] => PRODUCTS.map(productCase);
