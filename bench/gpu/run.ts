/** `bench gpu`: LeNet and WRN-28-2 on a GPU, ours and JAX taking turns, and what the chip could do at most. */
import { join } from "node:path";
import { datasets, GlocalError } from "../../lib/index.js";
import { productFlops } from "../kernels-of.js";
import type { LinalgResult } from "../linalg.js";
import { describeMachine } from "../machine.js";
import type { Limits, LimitsRequest } from "../own/limits.js";
import { lastLineOf } from "../process.js";
import { BENCH_FOLDER } from "../results-file.js";
import { stepPrograms } from "../step-programs.js";
import { Attempts } from "./attempts.js";
import { type Entrant, entrants, type Precision } from "./entrants.js";
import { type DeviceEntry, findGpu, type Probe } from "./gpu.js";
import { type GpuOptions, type GpuResult, rowOf } from "./result.js";
import { findGpuRival } from "./rival.js";
import { measureStarts } from "./start.js";
import { platformOf, runOurs, type Setting, type Turns, takeTurn } from "./turns.js";

const probe: Probe = (env) => runOurs<DeviceEntry[]>("own/devices.ts", {}, { device: "cuda", env });

/** A folder with Fashion-MNIST, or null for synthetic images: when asked for, or when there is none and none was named. */
export async function dataFolder({
  data,
  synthetic,
}: Pick<GpuOptions, "data" | "synthetic">): Promise<string | null> {
  if (synthetic) return null;
  try {
    return (await datasets.fashionMnist({ dir: data })).source ?? null;
  } catch (error) {
    const missing = error instanceof GlocalError && error.code === "GLOCAL_DATA_MISSING";
    if (missing && data === undefined) return null;
    throw error;
  }
}

/** Large enough for a GPU to be busy; small for a processor, where this is only a rehearsal. */
const LIMITS: Readonly<Record<Setting["device"], LimitsRequest>> = {
  cuda: { side: 8192, bytes: 2 ** 30 },
  cpu: { side: 512, bytes: 2 ** 25 },
};

async function measureLimits(
  precision: Precision,
  setting: Setting,
  attempts: Attempts,
): Promise<Limits | null> {
  const request = {
    ...LIMITS[setting.device],
    ...(precision === "tf32" ? { precision } : {}),
  };
  const work = () => runOurs<Limits>("own/limits.ts", request, setting);
  return (await attempts.try(`limits, ${precision}`, work)) ?? null;
}

async function measureLinalg({ env }: Setting, attempts: Attempts): Promise<LinalgResult | null> {
  const args = [
    ...process.execArgv,
    join(BENCH_FOLDER, "main.ts"),
    "linalg",
    "--json",
    "--no-write",
  ];
  const work = () => lastLineOf<LinalgResult>(process.execPath, args, env);
  return (await attempts.try("fits of the operator", work)) ?? null;
}

/** JAX compiles for minutes what it has compiled in an earlier turn; nothing that is timed. */
const rivalEnvironment = () => ({
  JAX_COMPILATION_CACHE_DIR: join(BENCH_FOLDER, "..", ".cache", "jax"),
});

/** Counted in the step as the CPU would run it: the same convolutions and products. */
function gflopOf({ name, gflop }: Entrant): number | null {
  if (gflop !== null) return gflop;
  const steps = stepPrograms({ model: "wrn-28-2", batch: 128, lanes: 2 });
  const program = name.startsWith("wrn-tangents") ? steps.tangents() : steps.plain();
  return productFlops(program) / 1e9;
}

/** @throws when no GPU can be used */
export async function runGpu(
  options: GpuOptions,
  note: (text: string) => void,
): Promise<GpuResult> {
  const { device, steps, repeat, rows: wanted, minutes } = options;
  const began = performance.now();
  const found = device === "cuda" ? await findGpu(probe) : { gpu: null, env: {} };
  const machine = describeMachine();
  const rival = findGpuRival(platformOf(device));
  if (rival.python === null) note(`Ours runs alone. ${rival.reason}`);
  const setting: Setting = {
    device,
    env: found.env,
    rivalEnv: rivalEnvironment(),
    data: await dataFolder(options),
    python: rival.python,
  };
  const end = minutes === undefined ? undefined : began + 60e3 * minutes;
  const attempts = new Attempts(note, end);
  const chosen = entrants(steps).filter(({ name }) => wanted?.includes(name) ?? true);
  const [full, tf32] = (["float32", "tf32"] as const).map((precision) =>
    chosen.filter((entrant) => entrant.precision === precision),
  ) as [Entrant[], Entrant[]];
  const turns = new Map<string, Turns>();
  const round = async (those: readonly Entrant[]) => {
    for (const entrant of those) await takeTurn(entrant, setting, turns, attempts);
  };
  const complete = wanted === undefined;
  // First once of everything that has a target.
  await round(full);
  const float32 = await measureLimits("float32", setting, attempts);
  const starts = complete ? await measureStarts(repeat, setting, attempts) : null;
  const linalg = complete ? await measureLinalg(setting, attempts) : null;
  for (let turn = 2; turn <= repeat; turn++) await round(full);
  for (let turn = 1; turn <= repeat; turn++) await round(tf32);
  const limits = { float32, tf32: await measureLimits("tf32", setting, attempts) };
  const figures = [...turns.values()].flatMap((t) => [...t.rivals.values()].flat());
  return {
    machine,
    gpu: found.gpu,
    options,
    data: setting.data === null ? "synthetic" : "Fashion-MNIST",
    noRival: rival.reason,
    versions: Object.assign({}, ...figures.map((f) => f.versions)),
    rows: chosen.map((entrant) =>
      rowOf(entrant, turns.get(entrant.name) as Turns, gflopOf(entrant)),
    ),
    limits,
    starts,
    linalg,
    omitted: attempts.omitted,
    failures: attempts.failures,
  };
}
