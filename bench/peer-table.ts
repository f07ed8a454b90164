/** The table of `bench peers`: a line for each row, with its ratio to the rival and whether that meets the target. */
import { table } from "./markdown.js";
import { RIVALS, type Rival } from "./peer-rows.js";

export const RIVAL_NAMES: Readonly<Record<Rival, string>> = {
  torch: "torch",
  jax: "JAX",
  numpy: "NumPy",
};

/** So many times a rival's figure at most, or below a number. */
export type Target = { readonly rival: Rival; readonly share: number } | { readonly below: number };

export interface PeerRow {
  readonly name: string;
  readonly what: string;
  readonly unit: "ms" | "MB";
  readonly ours: number;
  /** A rival that was not there, or does not do this, is absent. */
  readonly rivals: Readonly<Partial<Record<Rival, number>>>;
  readonly target: Target;
  /** What the arithmetic takes at the machine's rate of matrix products; null where it says nothing. */
  readonly floorMs: number | null;
}

/** Ours over the target's rival; null without that rival's figure, or for a target that is a number. */
export function ratioOf({ ours, rivals, target }: PeerRow): number | null {
  const rival = "rival" in target ? rivals[target.rival] : undefined;
  return rival === undefined ? null : ours / rival;
}

/** Ours over what the target allows; null when nothing can be said. */
export function excessOf(row: PeerRow): number | null {
  const { ours, target } = row;
  if ("below" in target) return ours / target.below;
  const ratio = ratioOf(row);
  return ratio === null ? null : ratio / target.share;
}

export function verdictOf(row: PeerRow): string {
  const excess = excessOf(row);
  if (excess === null) return "–";
  if (excess <= 1) return "met";
  return `missed by ${Math.max(1, Math.round(100 * (excess - 1)))} %`;
}

function targetText({ target, unit }: PeerRow): string {
  if ("below" in target) return `< ${target.below} ${unit}`;
  const { share, rival } = target;
  const factor = share === 1 ? "" : `${Number.isInteger(1 / share) ? `1/${1 / share}` : share} `;
  return `≤ ${factor}${RIVAL_NAMES[rival]}`;
}

/** Three significant digits, as far as they are before the point. */
export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

const orDash = (value: number | null | undefined, text: (value: number) => string) =>
  value === null || value === undefined ? "–" : text(value);

export function peerTable(rows: readonly PeerRow[]): string {
  const header = ["", "ours", ...RIVALS.map((r) => RIVAL_NAMES[r])];
  return table(
    [...header, "ratio", "target", "", "floor, ms"],
    rows.map((row) => [
      `${row.what}, ${row.unit}`,
      figure(row.ours),
      ...RIVALS.map((rival) => orDash(row.rivals[rival], figure)),
      orDash(ratioOf(row), (ratio) => ratio.toFixed(2)),
      targetText(row),
      verdictOf(row),
      orDash(row.floorMs, figure),
    ]),
  );
}
