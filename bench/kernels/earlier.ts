/** Comparison with the JSON of an earlier run. */
import { readFileSync } from "node:fs";
import { type CaseResult, KERNELS_VERSION, type KernelsResult } from "./run.js";

/** @throws when the file is no result of this version of the benchmark */
export function readEarlier(file: string): KernelsResult {
  const read = JSON.parse(readFileSync(file, "utf8")) as Partial<KernelsResult>;
  if (read.version !== KERNELS_VERSION || !Array.isArray(read.cases))
    throw new Error(
      `Expected ${file} to be what kernels --json printed (version ${KERNELS_VERSION}); received version ${read.version}.`,
    );
  return read as KernelsResult;
}

const keyOf = ({ group, name, shape }: CaseResult) => [group, name, shape].join("\n");

export interface Change {
  readonly now: CaseResult;
  /** Undefined for a case that is new. */
  readonly earlier: CaseResult | undefined;
  /** The time it takes now over the time it took. */
  readonly ratio: number | undefined;
}

/** Every case of now beside the same case of then. */
export function changes(now: readonly CaseResult[], earlier: readonly CaseResult[]): Change[] {
  const before = new Map(earlier.map((each) => [keyOf(each), each]));
  return now.map((each) => {
    const was = before.get(keyOf(each));
    return { now: each, earlier: was, ratio: was && each.ms.median / was.ms.median };
  });
}
