/** The trainings of the comparison: the outer learning rate first, then every rate and seed. */
import { type Dataset, datasets } from "../../lib/index.js";
import type { MethodName } from "./methods.js";
import { type Config, type Outcome, outcomes, SETTING, train } from "./train.js";

/** The outer learning rates that every method chooses from, and where it does: on validation data alone. */
export const OUTER_RATES = [0.03, 0.1, 0.3] as const;
export const CHOICE = { lr: 0.1, seed: 0 } as const;

export interface Options {
  readonly steps: number;
  readonly lr: readonly number[];
  readonly seeds: readonly number[];
  readonly methods: readonly MethodName[];
  /** Trains nothing: reports what there is. */
  readonly cached: boolean;
  readonly threads?: number;
  readonly data?: string;
}

export type Row = Config & Outcome;

export interface Comparison {
  readonly rows: readonly Row[];
  /** Every training that the outer learning rates were chosen by. */
  readonly choices: readonly Row[];
}

/** Trains what the cache does not have; stopped half-way, it goes on where it was. */
export async function runComparison(
  options: Options,
  note: (text: string) => void,
): Promise<Comparison> {
  const { steps, lr: rates, seeds, methods, cached, threads } = options;
  const cache = outcomes();
  let data: Dataset | undefined;
  const get = async (config: Config): Promise<Row | undefined> => {
    const key = { ...SETTING, ...config };
    let outcome = cache.get(key);
    if (!outcome && cached) return undefined;
    if (!outcome) {
      data ??= await datasets.fashionMnist({ dir: options.data });
      outcome = await train(data, config, threads);
      cache.add(key, outcome);
      const { accuracy, seconds, diverged } = outcome;
      const end = diverged ? `diverged ${JSON.stringify(diverged)}` : accuracy.toFixed(4);
      note(`${JSON.stringify(config)}: ${end} after ${seconds.toFixed(0)} s`);
    }
    return { ...config, ...outcome };
  };
  const [rows, choices]: [Row[], Row[]] = [[], []];
  for (const method of methods) {
    const grid = method === "none" ? [0] : OUTER_RATES;
    const tried: Row[] = [];
    for (const outerRate of grid) {
      const row = await get({ ...CHOICE, method, outerRate, steps });
      if (row) tried.push(row);
    }
    choices.push(...tried);
    if (tried.length < grid.length) continue;
    const { outerRate } = bestOf(tried);
    for (const seed of seeds)
      for (const lr of rates) {
        const row = await get({ method, outerRate, lr, seed, steps });
        if (row) rows.push(row);
      }
  }
  return { rows, choices };
}

/** Whose validation loss is least; one that is not finite comes last. */
function bestOf(rows: readonly Row[]): Row {
  const loss = ({ validationLoss }: Row) =>
    Number.isFinite(validationLoss) ? validationLoss : Number.POSITIVE_INFINITY;
  return rows.reduce((best, row) => (loss(row) < loss(best) ? row : best));
}
