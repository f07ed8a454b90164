/** The devices that goldens are held to: the CPU, and CUDA where there is one, mocked or real. */
import { type DeviceName, devices } from "../../lib/runtime/device.js";

export const goldenDevices: readonly DeviceName[] = devices()
  .filter(({ usable }) => usable)
  .map(({ name }) => name);
