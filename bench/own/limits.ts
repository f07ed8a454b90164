/** Prints what a device does at most, through our own products and copies: the limits beside the figures of `bench gpu`. */
import { openDevice } from "../../lib/runtime/device.js";
import { type DeviceArray, DeviceJob } from "../../lib/runtime/executable.js";
import { sgemmRate } from "../machine.js";
import { timeMs } from "../timing.js";
import { placeOptions, requested } from "./request.js";

export interface LimitsRequest {
  /** Of the square matrices. */
  readonly side: number;
  /** Of the memory that is copied. */
  readonly bytes: number;
}

export interface Limits {
  /** Of a float32 product, in the precision asked for. */
  readonly gflops: number;
  /** Of a copy within the device's memory; each byte counts twice, as it is read and written. */
  readonly gbps: number;
}

const COPIES = 10;

const request = requested<LimitsRequest>();
const { side, bytes } = request;
const device = openDevice(placeOptions(request));
const gflops = sgemmRate(device, side);
const memory = (): DeviceArray => ({ buffer: device.allocate(bytes), offset: 0 });
const [from, to] = [memory(), memory()];
const job = new DeviceJob(device);
for (let i = 0; i < COPIES; i++) job.copy(from, to, bytes);
const gbps = (COPIES * 2 * bytes) / (1e6 * timeMs(() => job.runSync()).min);
device.dispose();
const limits: Limits = { gflops, gbps };
console.log(JSON.stringify(limits));
