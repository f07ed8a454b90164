/** What `bench gpu` measures, and what follows from it. */
import type { LinalgResult } from "../linalg.js";
import type { Machine } from "../machine.js";
import type { Limits } from "../own/limits.js";
import type { ProgramSize } from "../program-size.js";
import type { Spread } from "../statistics.js";
import { type Entrant, PAPER_STEPS } from "./entrants.js";
import type { Gpu } from "./gpu.js";
import type { Starts } from "./start.js";
import { fastest, fastestForm, type JaxFigure, type Turns } from "./turns.js";

export interface GpuOptions {
  /** Inner steps of LeNet that are timed in each process. */
  readonly steps: number;
  /** Turns of each program. */
  readonly repeat: number;
  /** Names of rows; all without. */
  readonly rows?: readonly string[];
  /** Nothing new is started after so many minutes. */
  readonly minutes?: number;
  readonly data?: string;
  readonly synthetic?: boolean;
  /** "cpu" rehearses the programs where there is no GPU. */
  readonly device: "cpu" | "cuda";
}

export interface GpuRow
  extends Pick<Entrant, "name" | "what" | "precision" | "target" | "paperSeconds" | "steps"> {
  readonly ours: { readonly ms: Spread; readonly meanMs: number } | null;
  /** Milliseconds a step by form. */
  readonly forms: Readonly<Record<string, number>>;
  /** The fastest of them. */
  readonly rival: { readonly form: string; readonly ms: Spread; readonly meanMs: number } | null;
  /** Arithmetic of a step; null when unknown. */
  readonly gflop: number | null;
  /** What our step is made of. */
  readonly programs: readonly ProgramSize[];
}

export interface GpuResult {
  readonly machine: Machine;
  /** Null in a rehearsal. */
  readonly gpu: Gpu | null;
  readonly options: GpuOptions;
  readonly data: "Fashion-MNIST" | "synthetic";
  /** Why JAX did not run; "" when it did. */
  readonly noRival: string;
  /** Of what JAX runs on. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly GpuRow[];
  readonly limits: Readonly<Record<"float32" | "tf32", Limits | null>>;
  readonly starts: Starts | null;
  readonly linalg: LinalgResult | null;
  readonly omitted: readonly string[];
  readonly failures: readonly string[];
}

const meanOf = ({
  meanMsPerStep,
  msPerStep,
}: {
  readonly meanMsPerStep?: number;
  readonly msPerStep: Spread;
}) => meanMsPerStep ?? msPerStep.median;

function rivalOf(turns: Turns): GpuRow["rival"] {
  const form = fastestForm(turns);
  const figure = form === undefined ? undefined : fastest(turns.rivals.get(form) ?? []);
  if (form === undefined || !figure) return null;
  return { form, ms: figure.msPerStep, meanMs: meanOf(figure) };
}

export function rowOf(entrant: Entrant, turns: Turns, gflop: number | null): GpuRow {
  const { name, what, precision, target, paperSeconds, steps } = entrant;
  const ours = fastest(turns.ours);
  const of = (figures: readonly JaxFigure[]) => fastest(figures)?.msPerStep.median ?? Number.NaN;
  return {
    ...{ name, what, precision, target, paperSeconds, steps, gflop },
    ours: ours ? { ms: ours.msPerStep, meanMs: meanOf(ours) } : null,
    forms: Object.fromEntries([...turns.rivals].map(([form, figures]) => [form, of(figures)])),
    rival: rivalOf(turns),
    programs: ours?.programs ?? [],
  };
}

/** How many times as fast as JAX ours is. */
export const timesOf = ({ ours, rival }: GpuRow): number | null =>
  ours && rival ? rival.ms.median / ours.ms.median : null;

/** Seconds for the paper's steps, from the mean of those that were timed. */
export const secondsOf = (figure: { readonly meanMs: number } | null): number | null =>
  figure && (PAPER_STEPS * figure.meanMs) / 1e3;

/** By how much a figure misses its target, which it is to reach at least or to stay within. */
export function verdict(value: number | null, target: number, direction: "atLeast" | "atMost") {
  if (value === null) return "–";
  const excess = direction === "atLeast" ? target / value : value / target;
  if (excess <= 1) return "met";
  return `missed by ${Math.max(1, Math.round(100 * (excess - 1)))} %`;
}

/** The program whose launches have a target, among those of LeNet. */
export const LANED_STEP = "step with 3 tangents";

export const lanedStep = (rows: readonly GpuRow[]): ProgramSize | undefined =>
  rows
    .filter(({ name }) => name === "glocal" || name === "local")
    .flatMap(({ programs }) => programs)
    .find(({ name }) => name === LANED_STEP);
