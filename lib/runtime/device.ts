/** Devices: what there is, why it can or cannot be used, and how one is opened. */
import { GlocalError } from "../errors.js";
import type { NativeBuffer, NativeDevice } from "../native/addon.js";
import { callNative } from "../native/errors.js";
import { addonPath, loadAddon } from "../native/load.js";

export type DeviceName = "cpu" | "cuda";

export interface DeviceOptions {
  /** Default "auto": the fastest usable device. */
  readonly device?: "auto" | DeviceName;
  /** CPU threads, the caller's included. Default: every processor this process may use. */
  readonly threads?: number;
  /** Forces a SIMD level of the CPU ("baseline", "avx2", "avx512"). Default: the best there is. */
  readonly simd?: string;
}

export interface DeviceInfo {
  readonly name: DeviceName;
  readonly usable: boolean;
  /** Why it is or is not usable. */
  readonly reason: string;
  /** Path of the native addon. */
  readonly addon?: string;
  readonly simdLevels?: readonly string[];
  readonly threads?: number;
  readonly blas?: string;
}

const NO_CUDA = "this version of glocal has no CUDA device; everything runs on the CPU";

/** Every device this package knows, and why each is or is not usable here. Never throws. */
export function devices(): DeviceInfo[] {
  const cuda: DeviceInfo = { name: "cuda", usable: false, reason: NO_CUDA };
  try {
    const { cpus, simdLevels, blas } = loadAddon();
    const reason = `${cpus} processors, ${simdLevels.at(-1)}, ${blas}`;
    const addon = addonPath();
    const cpu = {
      name: "cpu",
      usable: true,
      reason,
      addon,
      simdLevels,
      threads: cpus,
      blas,
    } as const;
    return [cpu, cuda];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ name: "cpu", usable: false, reason }, cuda];
  }
}

/** An open device. Programs, buffers and runs belong to one. */
export class Device {
  constructor(
    readonly name: DeviceName,
    readonly native: NativeDevice,
    /** Why this device was chosen, when the caller left the choice open; null when it was asked for. */
    readonly reason: string | null,
  ) {}

  get threads(): number {
    return this.native.threads;
  }

  get level(): string {
    return this.native.level;
  }

  /** Memory for all buffers and programs. */
  get memoryBytes(): number {
    return this.native.memoryBytes;
  }

  /** Zero-filled memory of at least one byte. */
  allocate(bytes: number): NativeBuffer {
    return callNative(() => this.native.allocate(Math.max(1, bytes)));
  }

  dispose(): void {
    this.native.dispose();
  }
}

function deviceChoice({ device = "auto" }: DeviceOptions): "auto" | DeviceName {
  if (!["auto", "cpu", "cuda"].includes(device))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'device to be "auto", "cpu" or "cuda"',
      received: JSON.stringify(device),
    });
  return device;
}

/**
 * Opens a device of its own: it shares no threads with others.
 *
 * @throws GLOCAL_DEVICE when the device asked for cannot be used, GLOCAL_BAD_OPTION for impossible options
 */
export function openDevice(options: DeviceOptions = {}): Device {
  const { simd } = options;
  const device = deviceChoice(options);
  if (device === "cuda")
    throw new GlocalError("GLOCAL_DEVICE", {
      expected: "a usable CUDA device",
      received: `none: ${NO_CUDA}`,
      hint: 'Use device: "auto" or "cpu".',
    });
  const addon = loadAddon();
  const { threads = addon.cpus } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "threads to be a whole number from 1 to 1024",
      received: String(threads),
    });
  if (simd !== undefined && !addon.simdLevels.includes(simd))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `simd to be one of ${addon.simdLevels.join(", ")}`,
      received: JSON.stringify(simd),
    });
  const native = addon.createCpuDevice(simd === undefined ? { threads } : { threads, simd });
  return new Device("cpu", native, device === "auto" ? `no CUDA: ${NO_CUDA}` : null);
}

const shared = new Map<DeviceName, Device>();

/** The device that top-level `jit`, `grad` and `jvp` share, opened at first use. */
export function defaultDevice(options: DeviceOptions = {}): Device {
  const name: DeviceName = deviceChoice(options) === "cuda" ? "cuda" : "cpu";
  if (options.threads !== undefined || options.simd !== undefined) return openDevice(options);
  const device = shared.get(name) ?? openDevice(options);
  shared.set(name, device);
  return device;
}
