/** Checks of options: what is wrong is said at once, in the user's terms, with a code. */
import { GlocalError } from "../errors.js";
import { isHyperparameter } from "../optim/hyperparameter.js";
import type { Optimizer } from "../optim/optimizer.js";

/** A value as an error message shows it. */
function shown(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? String(value);
  return `${value.constructor?.name ?? "an object"} with ${Object.keys(value).join(", ") || "no fields"}`;
}

/** @throws GLOCAL_BAD_OPTION, always */
export function refuse(expected: string, value: unknown): never {
  throw new GlocalError("GLOCAL_BAD_OPTION", { expected, received: shown(value) });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Settings without those that are undefined, which count as not given; what is no object as it is. */
export function given<T extends object>(
  settings: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  if (!isRecord(settings)) return settings;
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as ReturnType<typeof given<T>>;
}

/** @throws GLOCAL_BAD_OPTION for anything but an object, and for names that no option has */
export function refuseUnknown(what: string, given: unknown, known: ReadonlySet<string>): void {
  if (!isRecord(given)) refuse(`${what} to be given an object of options`, given);
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined)
    refuse(`${what} to have only the options ${[...known].join(", ")}`, unknown);
}

/** @throws GLOCAL_BAD_OPTION */
export function checkWhole(
  name: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
    return;
  const to = most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : "";
  refuse(`${name} to be a whole number from ${least}${to}`, value);
}

/** @throws GLOCAL_BAD_OPTION unless it is finite and above 0 */
export function checkPositive(name: string, value: unknown): void {
  if (typeof value !== "number" || !(Number.isFinite(value) && value > 0))
    refuse(`${name} to be a number above 0`, value);
}

/** @throws GLOCAL_BAD_OPTION */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") refuse(`${name} to be a function`, value);
}

/** @throws GLOCAL_BAD_OPTION */
export function checkOptimizer(name: string, value: Optimizer): void {
  if (!isRecord(value) || typeof value.update !== "function" || !isRecord(value.hyper))
    refuse(`${name} to be an optimizer such as optim.sgd({ lr })`, value);
}

/** @throws GLOCAL_BAD_OPTION for learned settings: nothing would learn them */
export function checkOuter(value: Optimizer): void {
  checkOptimizer("outer", value);
  const learned = Object.entries(value.hyper).find(([, setting]) => isHyperparameter(setting));
  if (learned)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "numbers as settings of the outer optimizer",
      received: `a learned ${learned[0]}`,
    });
}

/** @throws GLOCAL_BAD_OPTION */
export function checkSignal(value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal))
    refuse("signal to be an AbortSignal", value);
}

/** @throws GLOCAL_BAD_OPTION unless it is `size` numbers of examples, each of one there is */
export function checkIndex(index: unknown, step: number, size: number, count: number): Int32Array {
  if (!(index instanceof Int32Array) || index.length !== size)
    refuse(
      `batches.at(${step}) to give an Int32Array of ${size} indices, one batch`,
      ArrayBuffer.isView(index) ? `${index.constructor.name} of ${index.byteLength} bytes` : index,
    );
  const outside = index.find((i) => i < 0 || i >= count);
  if (outside !== undefined)
    refuse(`indices from 0 to ${count - 1} in batches.at(${step})`, outside);
  return index;
}
