/** Fits of the operator by LAPACK and, where there is a GPU, by cuSOLVER: what they take, and what of it their routines. */
import type { LinearAlgebra } from "../lib/koopman/linalg/algebra.js";
import { chooseAlgebra } from "../lib/koopman/linalg/choose.js";
import { complete } from "../lib/koopman/model.js";
import { prepare } from "../lib/koopman/problem.js";
import type { Snapshots } from "../lib/koopman/snapshots.js";
import { exact } from "../lib/koopman/variants/least-squares.js";
import { defaultDevice, devices } from "../lib/runtime/device.js";
import { describeMachine, type Machine } from "./machine.js";

/** The first is the paper's: X of 12 × 6. */
const SIZES = [
  { features: 3, points: 10, stacks: 4 },
  { features: 385, points: 10, stacks: 4 },
  { features: 10_000, points: 50, stacks: 1 },
  { features: 4, points: 500, stacks: 125 },
] as const;
const RCOND = 1e-6;

export interface LinalgFigure {
  /** Milliseconds of a whole fit, copies and what is around the routines included. */
  readonly fitMs: number;
  /** Of it in factorisations: the host's clock around LAPACK, the GPU's around cuSOLVER. */
  readonly routinesMs: number;
}

export interface LinalgRow {
  readonly features: number;
  readonly rows: number;
  readonly columns: number;
  readonly lapack: LinalgFigure;
  readonly cusolver: LinalgFigure | null;
}

export interface LinalgResult {
  readonly machine: Machine;
  /** Which GPU, or why there is none. */
  readonly gpu: { readonly usable: boolean; readonly about: string };
  readonly rows: readonly LinalgRow[];
}

/** A few modes and a little noise, in general position. */
function trajectory({ features, points }: (typeof SIZES)[number]): Snapshots {
  const data = Float64Array.from({ length: features * points }, (_, at) => {
    const [i, time] = [Math.floor(at / points), at % points];
    const modes = Math.sin(i + 1) + 0.8 ** time * Math.cos(3 * i) + Math.cos(0.3 * time + i);
    return modes + 1e-3 * Math.sin(29 * time * time + 31 * i);
  });
  return { data, shape: [features, points] };
}

/** The algebra, with a clock around its factorisations. */
function timed(algebra: LinearAlgebra) {
  let total = 0;
  const clock =
    <Arguments extends unknown[], Result>(routine: (...given: Arguments) => Result) =>
    (...given: Arguments): Result => {
      const began = performance.now();
      const result = routine(...given);
      total += performance.now() - began;
      return result;
    };
  const { qr, svd, eigen, leastSquares } = algebra;
  const clocked: LinearAlgebra = {
    ...algebra,
    qr: clock(qr),
    svd: clock(svd),
    eigen: clock(eigen),
    leastSquares: clock(leastSquares),
  };
  return { clocked, milliseconds: () => total };
}

/** Means over at least half a second, and at least five fits after a first. */
function measure(
  size: (typeof SIZES)[number],
  algebra: LinearAlgebra,
  routinesMs: () => number,
): LinalgFigure {
  const snapshots = trajectory(size);
  const fitOnce = () => {
    const problem = prepare(snapshots, { stacks: size.stacks, rcond: RCOND }, algebra);
    complete(problem, exact(problem));
  };
  fitOnce();
  const [before, began] = [routinesMs(), performance.now()];
  let fits = 0;
  while (fits < 5 || performance.now() - began < 500) {
    fitOnce();
    fits++;
  }
  return {
    fitMs: (performance.now() - began) / fits,
    routinesMs: (routinesMs() - before) / fits,
  };
}

function measureLapack(size: (typeof SIZES)[number]): LinalgFigure {
  const { clocked, milliseconds } = timed(chooseAlgebra({ linalg: "lapack" }));
  return measure(size, clocked, milliseconds);
}

function measureCuSolver(size: (typeof SIZES)[number]): LinalgFigure {
  const device = defaultDevice({ device: "cuda" });
  const own = () => Object.values(device.native.linalg?.solverMs ?? {}).reduce((a, b) => a + b, 0);
  return measure(size, chooseAlgebra({ linalg: "cusolver", device }), own);
}

export function runLinalg(note: (text: string) => void): LinalgResult {
  const machine = describeMachine();
  const cuda = devices().find(({ name }) => name === "cuda");
  const usable = cuda?.usable ?? false;
  const about = usable ? defaultDevice({ device: "cuda" }).native.description : cuda?.reason;
  const rows = SIZES.map((size): LinalgRow => {
    const { features, points, stacks } = size;
    const [rows, columns] = [features * stacks, points - stacks];
    note(`${rows} × ${columns}`);
    const lapack = measureLapack(size);
    return { features, rows, columns, lapack, cusolver: usable ? measureCuSolver(size) : null };
  });
  return { machine, gpu: { usable, about: about ?? "unknown" }, rows };
}
