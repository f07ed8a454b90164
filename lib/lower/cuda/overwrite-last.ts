/** State is updated in place where whatever reads its old value can come before: then it does. */
import { accesses, type Buffer } from "../buffer.js";
import type { Built } from "../build.js";
import { Dependences } from "./dependences.js";

export function overwriteLast(built: Built): Built {
  const touched = built.steps.map(accesses);
  const dependences = new Dependences(touched);
  const touching = (kind: "reads" | "writes", buffer: Buffer) =>
    [...touched.keys()].filter((at) => touched[at]?.[kind].some((ref) => ref.buffer === buffer));
  for (const { buffer, donor } of built.outputs) {
    if (!donor) continue;
    const writers = touching("writes", buffer);
    const readers = touching("reads", donor);
    const pairs = writers.flatMap((writer) =>
      readers.filter((reader) => reader !== writer).map((reader) => [reader, writer] as const),
    );
    for (const [reader, writer] of pairs)
      if (dependences.mayPrecede(reader, writer)) dependences.require(reader, writer);
  }
  const steps = dependences.order().map((at) => built.steps[at] as (typeof built.steps)[number]);
  return { ...built, steps };
}
