/** Ours and JAX taking turns on the same GPU, each in a process of its own. */
import { join } from "node:path";
import { lastLineOf } from "../process.js";
import type { ProgramSize } from "../program-size.js";
import { BENCH_FOLDER } from "../results-file.js";
import { dataArguments, type RivalFigure, runRivalProgram } from "../rival.js";
import type { Spread } from "../statistics.js";
import type { Attempts } from "./attempts.js";
import { type Entrant, type Form, twinOf } from "./entrants.js";

export interface OwnFigure {
  readonly msPerStep: Spread;
  readonly meanMsPerStep?: number;
  readonly programs?: readonly ProgramSize[];
}

/** Every program of JAX says where it ran. */
export interface JaxFigure extends RivalFigure {
  readonly meanMsPerStep: number;
  readonly device: string;
}

export interface Turns {
  readonly ours: OwnFigure[];
  /** By the form's name. */
  readonly rivals: Map<string, JaxFigure[]>;
}

/** How programs are run. */
export interface Setting {
  readonly device: "cpu" | "cuda";
  /** For ours, besides what is there. */
  readonly env: Readonly<Record<string, string>>;
  /** For JAX, likewise. */
  readonly rivalEnv: Readonly<Record<string, string>>;
  /** A folder with Fashion-MNIST; null for synthetic images. */
  readonly data: string | null;
  /** Null where JAX does not run on the device. */
  readonly python: string | null;
}

/** Of the fastest process. */
export function fastest<Figure extends { readonly msPerStep: Spread }>(
  figures: readonly Figure[],
): Figure | undefined {
  return figures.reduce<Figure | undefined>(
    (best, f) => (best && best.msPerStep.median <= f.msPerStep.median ? best : f),
    undefined,
  );
}

/** The form in which JAX was fastest; undefined when none ran. */
export function fastestForm({ rivals }: Turns): string | undefined {
  const best = [...rivals].map(([form, figures]) => ({ form, figure: fastest(figures) }));
  return best.reduce<(typeof best)[number] | undefined>((a, b) => {
    if (!b.figure) return a;
    return a?.figure && a.figure.msPerStep.median <= b.figure.msPerStep.median ? a : b;
  }, undefined)?.form;
}

/** Ours asks for a precision only where it is not the usual one. */
const precisionOf = ({ precision }: Entrant) => (precision === "tf32" ? { precision } : {});

export function runOurs<Result>(
  program: string,
  request: object,
  { device, env }: Pick<Setting, "device" | "env">,
  more: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const args = [
    ...process.execArgv,
    join(BENCH_FOLDER, program),
    JSON.stringify({ ...request, device }),
  ];
  return lastLineOf(process.execPath, args, { ...env, ...more });
}

/** JAX calls every GPU "gpu". */
export const platformOf = (device: Setting["device"]) => (device === "cuda" ? "gpu" : "cpu");

async function runJax(
  python: string,
  { rival, readsData }: Entrant,
  form: Form,
  { data, device, rivalEnv }: Setting,
): Promise<JaxFigure> {
  const source = data === null ? ["--synthetic"] : dataArguments(data);
  const args = [...rival.args, ...form.args, ...(readsData ? source : [])];
  const figure = await runRivalProgram<JaxFigure>(python, rival.program, args, rivalEnv);
  if (figure.device !== platformOf(device))
    throw new Error(`Expected JAX to run on ${platformOf(device)}, but it ran on ${figure.device}`);
  return figure;
}

/** All forms in the first turn, unless they have been tried in float32; then the fastest. */
function formsToRun(entrant: Entrant, all: ReadonlyMap<string, Turns>): readonly Form[] {
  const own = all.get(entrant.name);
  const twin = all.get(twinOf(entrant.name));
  const best = (own && fastestForm(own)) ?? (twin && fastestForm(twin));
  return best === undefined ? entrant.forms : entrant.forms.filter(({ name }) => name === best);
}

export async function takeTurn(
  entrant: Entrant,
  setting: Setting,
  all: Map<string, Turns>,
  attempts: Attempts,
): Promise<void> {
  const { name, own, readsData } = entrant;
  const { data, python } = setting;
  const forms = formsToRun(entrant, all);
  const turns: Turns = all.get(name) ?? { ours: [], rivals: new Map() };
  all.set(name, turns);
  const source = readsData ? (data === null ? { synthetic: true } : { dir: data }) : {};
  const request = { ...own.request, ...precisionOf(entrant), ...source };
  const ours = await attempts.try(`${name}, ours`, () =>
    runOurs<OwnFigure>(own.program, request, setting),
  );
  if (ours) turns.ours.push(ours);
  if (python === null) return;
  for (const form of forms) {
    const figure = await attempts.try(`${name}, JAX (${form.name})`, () =>
      runJax(python, entrant, form, setting),
    );
    if (figure) turns.rivals.set(form.name, [...(turns.rivals.get(form.name) ?? []), figure]);
  }
}
