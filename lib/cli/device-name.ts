import { InvalidArgumentError } from "commander";
import type { DeviceOptions } from "../runtime/device.js";

/** The name of a device as `openDevice` takes it. Commander says which option a refusal is about. */
export function device(text: string): NonNullable<DeviceOptions["device"]> {
  if (text === "auto" || text === "cpu" || text === "cuda") return text;
  if (/^cuda:\d{1,4}$/.test(text)) return text as `cuda:${number}`;
  throw new InvalidArgumentError("It has to be auto, cpu, cuda or cuda:<number>.");
}
