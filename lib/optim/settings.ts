/** Checks of optimizer settings. */
import { GlocalError } from "../errors.js";
import { isHostArray } from "../ir/array.js";
import { isHyperparameter, type Setting } from "./hyperparameter.js";

export interface SettingRule {
  /** What an absent setting counts as; without it the setting must be given. */
  readonly default?: number;
  readonly least: number;
  readonly below: number;
}

/**
 * Fills in defaults; refuses unknown names, missing settings and values outside their range.
 *
 * @returns settings in the order of the rules
 * @throws GLOCAL_BAD_OPTION
 */
export function checkSettings<Name extends string>(
  optimizer: string,
  given: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<Name, SettingRule>>,
): Record<Name, Setting> {
  const known = Object.keys(rules) as Name[];
  const unknown = Object.keys(given).find((name) => !known.includes(name as Name));
  if (unknown !== undefined)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `${optimizer} to have only ${known.join(", ")}`,
      received: `"${unknown}"`,
    });
  const settings = {} as Record<Name, Setting>;
  for (const name of known) {
    const { least, below, default: usual } = rules[name];
    const setting = given[name] === undefined ? usual : given[name];
    const value = isHyperparameter(setting) ? setting.initial : setting;
    const numbers = isHostArray(value) ? [...value.data] : [value];
    const fits = (v: unknown) => typeof v === "number" && v >= least && v < below;
    if (!numbers.every(fits))
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `${name} of ${optimizer} to be a number, or learn.…(number), from ${least} to below ${below}`,
        received: String(typeof value === "object" ? JSON.stringify(value) : value),
      });
    settings[name] = setting as Setting;
  }
  return settings;
}
