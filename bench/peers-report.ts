/** The section of RESULTS.md that `bench peers` writes. */
import { loadLine, machineLine } from "./machine.js";
import { peerTable } from "./peer-table.js";
import type { PeersResult } from "./peers.js";
import { SETTING } from "./setting.js";

export function peersReport({
  machine,
  options,
  sgemmGflops,
  versions,
  rows,
}: PeersResult): string {
  const also = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const chosen = options.rows ? ` --rows ${options.rows}` : "";
  const { window, last, stacks, validation } = SETTING;
  return `## Beside the rivals

\`npm run bench -- peers --repeat ${options.repeat}${chosen}\`

${machineLine(machine, [loadLine(machine), ...also])}

${peerTable(rows)}

Float32 (DMD: float64). Ours and the rivals took turns on all processors, ${options.repeat} process${options.repeat === 1 ? "" : "es"} each. A
figure is the median of the fastest process, since some of the rivals' run at one of two speeds
throughout (before the first step: the median of the processes; memory: the most); the ratio is to the rival that the target names. The floor is the arithmetic at
${sgemmGflops.toFixed(0)} GFLOP/s, this machine's rate for float32 products of 1024 × 1024 matrices: of forward mode
for LeNet, of the convolutions and products of the step as it was compiled for WRN.

* LeNet is per inner step, windows of ${window} on Fashion-MNIST with updates and DMD included: batches of
  128, 3 hyperparameters, ${validation} validation images, ${last} hypergradients a window for glocal. Ours takes
  the cheaper of forward and reverse mode; the rivals carry 3 tangents.
* WRN is per step on noise of CIFAR's size, batches of 128 (reweighting 16). Ours runs through \`tune\`
  and \`bilevel\` in windows of three steps, of which each with tangents ends in the hypergradient of one
  validation image, too. Reweighting takes 385 hyperparameters in 13 passes of 32 lanes: a pass's share.
* DMD fits ${last} hypergradients in ${stacks} stacks, once.
* Before the first inner step: reading the data, tracing, differentiating, lowering, uploading. Memory
  is that of the whole process: with Node and a TypeScript loader, with Python, and with the data.`;
}
