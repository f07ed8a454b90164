/** Parsers of option values that are numbers. Commander says which option a refusal is about. */

import { InvalidArgumentError } from "commander";

/** An integer of at least `min`. */
export function integer(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It has to be an integer of at least ${min}.`);
  };
}

export interface Range {
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
}

/** A finite decimal number in a range. */
export function decimal({ above, atLeast, below }: Range): (text: string) => number {
  const bounds = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(atLeast === undefined ? [] : [`of at least ${atLeast}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ].join(" and ");
  return (text) => {
    const value = Number(text);
    const fits =
      text.trim() !== "" &&
      Number.isFinite(value) &&
      (above === undefined || value > above) &&
      (atLeast === undefined || value >= atLeast) &&
      (below === undefined || value < below);
    if (fits) return value;
    throw new InvalidArgumentError(`It has to be a number ${bounds}.`);
  };
}

/** How tangents go from window to window: a name, or the share of them that is kept. */
export function tangents(text: string): "reset" | "carry" | "horizon" | number {
  if (text === "reset" || text === "carry" || text === "horizon") return text;
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It has to be reset, carry, horizon or a number from 0 to 1.");
}
