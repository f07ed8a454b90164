/** The fixed kernels of convolutions: which one, with how many blocks, and their arguments. */
import type { Window2d } from "../program.js";
import type { Argument, Size3 } from "./launches.js";
import type { ConvGroupStep } from "./steps.js";

/** A launch of a kernel of `native/cuda/kernels`. */
export interface FixedLaunch {
  readonly name: string;
  readonly grid: Size3;
  readonly block: Size3;
  readonly args: readonly Argument[];
}

/** Into how many parts the sum over pixels is cut, so that a large machine has work. */
export function filterGradSplits(window: Window2d, images: number, lanes: number): number {
  const blocks = Math.max(
    1,
    Math.floor((window.kh * window.kw * window.c * window.o * lanes) / 4096),
  );
  return Math.max(1, Math.min(64, Math.floor(264 / blocks), images));
}

export function convLaunch(step: ConvGroupStep, tf32: boolean): FixedLaunch {
  const args = step.jobs.flatMap((job) => [
    ...job.terms.flatMap(({ a, b }) => [a.ref, a.laneStride, b.ref, b.laneStride]),
    ...[job.out.ref, job.out.laneStride, job.images, job.lanes],
  ]);
  return { name: `${step.kind}${tf32 ? "_tf32" : ""}`, grid: [1, 1, 1], block: [256, 1, 1], args };
}
