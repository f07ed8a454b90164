/** `bench peers`: every row of the targets, ours and the rivals taking turns on the same processors. */
import { join } from "node:path";
import type { OwnRun } from "./lenet-run.js";
import { describeMachine, type Machine, measureSgemm } from "./machine.js";
import type { Figure } from "./own/figure.js";
import {
  CONTESTS,
  type Contest,
  DERIVED,
  type DerivedRow,
  LIMITS,
  RIVALS,
  type Rival,
} from "./peer-rows.js";
import type { PeerRow } from "./peer-table.js";
import { lastLineOf } from "./process.js";
import { BENCH_FOLDER } from "./results-file.js";
import {
  dataArguments,
  findRivalPython,
  hasModules,
  RIVAL_HINT,
  type RivalFigure,
  runRivalProgram,
} from "./rival.js";
import { median } from "./statistics.js";

export interface PeersOptions {
  /** Names of rows; all without. */
  readonly rows?: readonly string[];
  /** Turns of each program. */
  readonly repeat: number;
  readonly threads?: number;
  readonly data?: string;
}

export interface PeersResult {
  readonly machine: Machine;
  readonly options: PeersOptions;
  readonly sgemmGflops: number;
  /** Of what the rivals run on. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly PeerRow[];
}

/** What ours prints; set-up only where it is timed. */
type OwnFigure = Pick<Figure, "msPerStep" | "peakRssMb"> &
  Partial<Pick<Figure, "gflop"> & Pick<OwnRun, "setUpMs">>;

interface Turns {
  readonly ours: OwnFigure[];
  readonly rivals: Map<Rival, RivalFigure[]>;
}

const MODULES: Readonly<Record<Rival, readonly string[]>> = {
  torch: ["torch", "numpy"],
  jax: ["jax", "optax"],
  numpy: ["numpy"],
};

/** Of the fastest process: some of the rivals' run at one of two speeds throughout, by luck. */
const fastestMs = (figures: readonly Pick<Figure, "msPerStep">[]) =>
  Math.min(...figures.map((f) => f.msPerStep.median));
const mostMemory = (figures: readonly Pick<Figure, "peakRssMb">[]) =>
  Math.max(...figures.map((f) => f.peakRssMb));

/** A number for each rival that ran. */
function ofRivals({ rivals }: Turns, of: (figures: readonly RivalFigure[]) => number) {
  return Object.fromEntries([...rivals].map(([rival, figures]) => [rival, of(figures)]));
}

async function runContest(
  contest: Contest,
  options: PeersOptions,
  python: string | null,
  present: readonly Rival[],
  note: (text: string) => void,
): Promise<Turns> {
  const { repeat, threads, data: dir } = options;
  const { program, request } = contest.own;
  const turns: Turns = { ours: [], rivals: new Map() };
  for (let round = 1; round <= repeat; round++) {
    note(`${contest.name}, turn ${round} of ${repeat}`);
    const asked = JSON.stringify({ ...request, dir, threads });
    const args = [...process.execArgv, join(BENCH_FOLDER, program), asked];
    turns.ours.push(await lastLineOf<OwnFigure>(process.execPath, args));
    for (const rival of present) {
      const call = contest.rivals[rival];
      if (!call || !python) continue;
      const [file, ...rest] = call;
      const all = [...rest, ...(contest.readsData ? dataArguments(dir) : [])];
      const figures = turns.rivals.get(rival) ?? [];
      turns.rivals.set(rival, [...figures, await runRivalProgram(python, file, all)]);
    }
  }
  return turns;
}

function contestRow(contest: Contest, turns: Turns, sgemmGflops: number): PeerRow {
  const { name, what, target } = contest;
  const gflop = contest.gflop ?? turns.ours[0]?.gflop ?? null;
  return {
    name,
    what,
    unit: "ms",
    ours: fastestMs(turns.ours),
    rivals: ofRivals(turns, fastestMs),
    target,
    floorMs: gflop === null ? null : (1e3 * gflop) / sgemmGflops,
  };
}

function derivedRow(name: DerivedRow, turns: Turns): PeerRow {
  const target = { below: LIMITS[name] };
  if (name === "memory") {
    const what = "peak resident memory, LeNet, glocal";
    const rivals = ofRivals(turns, mostMemory);
    return { name, what, unit: "MB", ours: mostMemory(turns.ours), rivals, target, floorMs: null };
  }
  const setUp = turns.ours.map(({ setUpMs }) => (setUpMs ? setUpMs.data + setUpMs.compile : 0));
  const what = "before the first inner step, LeNet, glocal";
  return { name, what, unit: "ms", ours: median(setUp), rivals: {}, target, floorMs: null };
}

export async function runPeers(
  options: PeersOptions,
  note: (text: string) => void,
): Promise<PeersResult> {
  const machine = describeMachine();
  const python = findRivalPython();
  if (!python) note(`No Python with JAX was found, so ours runs alone. ${RIVAL_HINT}`);
  const present = python ? RIVALS.filter((rival) => hasModules(python, MODULES[rival])) : [];
  if (python && !present.includes("torch")) note(`${python} has no torch: its column stays empty.`);
  const wanted = (name: string) => options.rows?.includes(name) ?? true;
  const derived = DERIVED.filter(wanted);
  const contests = CONTESTS.filter(
    ({ name }) => wanted(name) || (name === "glocal" && derived.length > 0),
  );
  const turns = new Map<string, Turns>();
  for (const contest of contests)
    turns.set(contest.name, await runContest(contest, options, python, present, note));
  const sgemmGflops = measureSgemm(options.threads);
  const rows = contests
    .filter(({ name }) => wanted(name))
    .map((contest) => contestRow(contest, turns.get(contest.name) as Turns, sgemmGflops));
  const glocal = turns.get("glocal") as Turns;
  const figures = [...turns.values()].flatMap((t) => [...t.rivals.values()].flat());
  return {
    machine,
    options,
    sgemmGflops,
    versions: Object.assign({}, ...figures.map((f) => f.versions)),
    rows: [...rows, ...derived.map((name) => derivedRow(name, glocal))],
  };
}
