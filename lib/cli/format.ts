/** Numbers for people. */

import type { HyperValue } from "../hyper/types.js";

/** Four significant digits; `–` for what is not there. */
export function formatNumber(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(4)));
}

/** A scalar as a number, a vector by its length and range. */
export function formatHyper(value: HyperValue | undefined): string {
  if (value === undefined || typeof value === "number") return formatNumber(value);
  const low = value.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = value.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return `${value.length} values in ${formatNumber(low)} … ${formatNumber(high)}`;
}

export function formatPercent(fraction: number | undefined): string {
  return fraction === undefined ? "–" : `${(100 * fraction).toFixed(2)} %`;
}

/** Whole seconds, as `42s`, `1m 05s` or `2h 03m`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}
