/** Whole training steps: every product and convolution counted, whatever else they do. */
import type { Program } from "../../lib/lower/program.js";
import { lenetPrograms } from "../profile.js";
import { SETTING } from "../setting.js";
import { stepPrograms } from "../step-programs.js";
import { arithmetic, type KernelCase } from "./case.js";

const stepCase = (name: string, shape: string, program: Program): KernelCase => ({
  group: "step",
  name,
  shape,
  program,
  work: arithmetic(program),
});

export async function stepCases(): Promise<KernelCase[]> {
  const { batch } = SETTING;
  const lenet = (lanes: number) => stepPrograms({ model: "lenet", batch, lanes });
  const wrn = stepPrograms({ model: "wrn-16-2", batch: 16, lanes: 2 });
  const criterion = (await lenetPrograms("local")).find((p) => p.name === "criterion gradient");
  const weights = criterion?.slots.find((slot) => slot.name === "weights");
  if (!criterion || !weights) throw new Error("A study of LeNet compiled no criterion gradient.");
  return [
    stepCase("LeNet", `batch ${batch}`, lenet(1).plain()),
    stepCase("LeNet, 3 tangents", `batch ${batch}`, lenet(3).tangents()),
    stepCase("LeNet, 1 adjoint", `batch ${batch}`, lenet(1).adjoints()),
    stepCase("LeNet criterion gradient", `${weights.bytes / 4} examples`, criterion),
    stepCase("WRN-16-2", "batch 16", wrn.plain()),
    stepCase("WRN-16-2, 2 tangents", "batch 16", wrn.tangents()),
  ];
}
