/**
 * The CUDA device that tests run on: one that is mocked, or with GLOCAL_TEST_GPU=1 the machine's own.
 * Libraries are opened once for a process, so a test file has one or the other.
 */
import { type Device, type DeviceOptions, openDevice } from "../../lib/runtime/device.js";
import { type MockCudaOptions, mockCuda } from "./mock/index.js";

/** Whether tests run on a GPU, where they may do much more in the time. */
export const onGpu = process.env["GLOCAL_TEST_GPU"] === "1";

/** Makes `device: "cuda"` work in this process. */
export function provideCuda(options: MockCudaOptions = {}): void {
  if (!onGpu) Object.assign(process.env, mockCuda(options).env);
}

export function openCuda(options: Omit<DeviceOptions, "device"> = {}): Device {
  provideCuda();
  return openDevice({ ...options, device: "cuda" });
}
