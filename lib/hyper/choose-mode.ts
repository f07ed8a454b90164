/** Chooses forward or reverse mode for a study, by what each costs a window, and builds it. */
import { GlocalError } from "../errors.js";
import { isFloat } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import { type Cost, type DeviceArray, Executable } from "../runtime/executable.js";
import type { Criterion } from "./criterion.js";
import { ForwardMode } from "./forward-mode.js";
import { bytesOf, type Memory } from "./memory.js";
import type { Mode } from "./mode.js";
import type { CompileSwitches } from "./program-inputs.js";
import { ReverseMode } from "./reverse-mode.js";
import { adjointStep, type StepGraph, type StepInputs, tangentStep } from "./step-programs.js";

/** Lanes that run together unless the caller says otherwise. */
const DEFAULT_LANES = 32;
/** Shares of the device's memory: for lanes that run together, and for stored states. */
const LANES_SHARE = 0.25;
const STORED_SHARE = 0.25;
/** Operations that a processor does in the time in which it moves one byte: what makes bytes and operations comparable. */
const FLOPS_PER_BYTE = 8;

export type ModeName = "auto" | "forward" | "reverse";

export interface ModeOptions {
  readonly device: Device;
  readonly memory: Memory;
  readonly inputs: StepInputs;
  readonly criterion: Criterion;
  readonly criterionLoss: DeviceArray;
  readonly plain: Executable;
  /** Steps and points of a window. */
  readonly steps: number;
  readonly last: number;
  readonly mode: ModeName;
  /** Most lanes that run together in forward mode. */
  readonly lanes: number | undefined;
  /** Whether tangents are carried from window to window, which only forward mode can do. */
  readonly carries: boolean;
  readonly switches: CompileSwitches;
}

const time = ({ flops, bytes }: Cost) => flops / FLOPS_PER_BYTE + bytes;

interface Candidate {
  readonly graph: StepGraph;
  readonly lanes: number;
  /** Of a window, in units of one byte moved. */
  readonly cost: number;
}

/** The most lanes, up to those wanted, whose tangents and scratch fit the memory. */
function forwardCandidate(options: ModeOptions): Candidate {
  const { device, memory, inputs, lanes, steps, switches } = options;
  const { problem } = memory;
  const q = problem.hyper.size;
  const tangentBytes = problem.stateTypes
    .filter(({ dtype }) => isFloat(dtype))
    .reduce((sum, type) => sum + bytesOf(type), 0);
  let together = Math.min(q, lanes ?? DEFAULT_LANES);
  for (;;) {
    const graph = tangentStep(problem, inputs, together);
    const { cost, scratchBytes } = Executable.estimate(device, graph.graph, {
      ...graph.options,
      ...switches,
    });
    const needed = scratchBytes + together * tangentBytes;
    if (together === 1 || needed <= LANES_SHARE * device.memoryBytes)
      return { graph, lanes: together, cost: time(cost) * steps * Math.ceil(q / together) };
    together = Math.ceil(together / 2);
  }
}

function reverseCandidate(options: ModeOptions): Candidate {
  const { device, memory, inputs, last, steps, plain, switches } = options;
  const graph = adjointStep(memory.problem, inputs, last);
  const { cost } = Executable.estimate(device, graph.graph, { ...graph.options, ...switches });
  return { graph, lanes: last, cost: (time(cost) + time(plain.cost)) * steps };
}

/** @throws GLOCAL_BAD_OPTION for a mode that does not exist */
export function chooseMode(options: ModeOptions): Mode {
  const { device, memory, criterion, criterionLoss, plain, steps, last, mode } = options;
  const { carries, switches } = options;
  if (!["auto", "forward", "reverse"].includes(mode))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'mode to be "auto", "forward" or "reverse"',
      received: JSON.stringify(mode),
    });
  if (carries && mode === "reverse")
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'mode to be "forward" or "auto" where tangents are carried from window to window',
      received: '"reverse"',
      hint: 'Adjoints have nothing to carry: leave mode out, or use tangents: "reset".',
    });
  const forward = mode === "reverse" ? undefined : forwardCandidate(options);
  const reverse = mode === "forward" || carries ? undefined : reverseCandidate(options);
  const compile = ({ graph }: Candidate) =>
    Executable.compile(device, graph.graph, { ...graph.options, ...switches });
  if (forward && (!reverse || forward.cost <= reverse.cost))
    return new ForwardMode({
      device,
      memory,
      criterion,
      criterionLoss,
      step: compile(forward),
      lanes: forward.lanes,
      steps,
      last,
      carries,
      switches,
    });
  const chosen = reverse as Candidate;
  return new ReverseMode(
    memory,
    criterion,
    criterionLoss,
    plain,
    compile(chosen),
    chosen.lanes,
    STORED_SHARE * device.memoryBytes,
  );
}
