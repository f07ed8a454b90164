/** Checks of optimizer settings. */
import { GlocalError } from "../errors.js";
import { isHostArray } from "../ir/array.js";
import { isHyperparameter, type Setting } from "./hyperparameter.js";

/**
 * Refuses unknown names and values outside their range.
 *
 * @throws GLOCAL_BAD_OPTION
 */
export function checkSettings(
  optimizer: string,
  given: Readonly<Record<string, unknown>>,
  ranges: Readonly<Record<string, readonly [least: number, below: number]>>,
): Record<string, Setting> {
  const known = Object.keys(ranges);
  const settings: Record<string, Setting> = {};
  for (const [name, setting] of Object.entries(given)) {
    const range = ranges[name];
    if (!range)
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `${optimizer} to have only ${known.join(", ")}`,
        received: `"${name}"`,
      });
    if (setting === undefined) continue;
    const value = isHyperparameter(setting) ? setting.initial : setting;
    const numbers = isHostArray(value) ? [...value.data] : [value];
    const fits = (v: unknown) => typeof v === "number" && v >= range[0] && v < range[1];
    if (!numbers.every(fits))
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `${name} of ${optimizer} to be a number, or learn.…(number), from ${range[0]} to below ${range[1]}`,
        received: String(typeof value === "object" ? JSON.stringify(value) : value),
      });
    settings[name] = setting as Setting;
  }
  return settings;
}
