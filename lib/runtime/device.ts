/** Devices: what there is, why it can or cannot be used, and how one is opened. */
import { GlocalError } from "../errors.js";
import type { NativeBuffer, NativeCudaProbe, NativeDevice } from "../native/addon.js";
import { cudaOptions } from "../native/cuda-options.js";
import { probeCuda } from "../native/cuda-probe.js";
import { callNative } from "../native/errors.js";
import { addonPath, loadAddon } from "../native/load.js";

export type DeviceName = "cpu" | "cuda";

/** In what the convolutions and matrix products of float32 values are multiplied. */
export type Precision = "float32" | "tf32";

export interface DeviceOptions {
  /**
   * "cuda:1" is the second GPU. Default "auto": the first GPU if it can be used, else the CPU;
   * `devices()` says why not a GPU.
   */
  readonly device?: "auto" | DeviceName | `cuda:${number}`;
  /** CPU threads, the caller's included. Default: every processor this process may use. */
  readonly threads?: number;
  /** Forces a SIMD level of the CPU ("baseline", "avx2", "avx512"). Default: the best there is. */
  readonly simd?: string;
  /**
   * "tf32" lets a GPU multiply float32 values with 10 bits of mantissa, which is faster; sums stay
   * float32. The CPU always multiplies in full. Default "float32".
   */
  readonly precision?: Precision;
}

export interface GpuInfo {
  readonly name: string;
  /** E.g. "9.0". */
  readonly computeCapability: string;
  readonly memoryBytes: number;
}

export interface DeviceInfo {
  readonly name: DeviceName;
  readonly usable: boolean;
  /** Why it is or is not usable. */
  readonly reason: string;
  /** What `device: "cuda"` would throw. */
  readonly code?: string;
  /** Path of the native addon. */
  readonly addon?: string;
  readonly simdLevels?: readonly string[];
  readonly threads?: number;
  readonly blas?: string;
  readonly gpus?: readonly GpuInfo[];
  /** Paths of NVIDIA's libraries, as far as they could be opened. */
  readonly libraries?: Readonly<Record<string, string>>;
}

function cpuInfo(): DeviceInfo {
  const { cpus, simdLevels, blas } = loadAddon();
  return {
    name: "cpu",
    usable: true,
    reason: `${cpus} processors, ${simdLevels.at(-1)}, ${blas}`,
    addon: addonPath(),
    simdLevels,
    threads: cpus,
    blas,
  };
}

/** Why CUDA can be used or not. */
function cudaReason({ usable, reason, devices: [first] }: NativeCudaProbe): string {
  return usable && first ? `${first.name}, compute capability ${first.computeCapability}` : reason;
}

function cudaInfo(): DeviceInfo {
  const probe = probeCuda();
  const { usable, code, devices: gpus, libraries } = probe;
  return {
    name: "cuda",
    usable,
    reason: cudaReason(probe),
    ...(code && { code }),
    gpus,
    libraries,
  };
}

/**
 * The devices that this package knows, or those of the names given, and why each is or is not usable
 * here. Never throws. Asking for "cuda" tries it, once for a process.
 */
export function devices(names: readonly DeviceName[] = ["cpu", "cuda"]): DeviceInfo[] {
  const infos = { cpu: cpuInfo, cuda: cudaInfo };
  try {
    return names.map((name) => infos[name]());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return names.map((name) => ({ name, usable: false, reason }));
  }
}

/** An open device. Programs, buffers and runs belong to one. */
export class Device {
  constructor(
    readonly name: DeviceName,
    readonly native: NativeDevice,
    /** Why this device was chosen, when the caller left the choice open; null when it was asked for. */
    readonly reason: string | null,
    readonly precision: Precision,
  ) {}

  get threads(): number {
    return this.native.threads;
  }

  /** A level of the CPU's kernels ("avx512") or a GPU's chip ("sm_90"). */
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

interface Choice {
  readonly name: "auto" | DeviceName;
  /** Which GPU, from 0. */
  readonly ordinal: number;
}

function deviceChoice({ device = "auto" }: DeviceOptions): Choice {
  const [, name, ordinal] = /^(auto|cpu|cuda)(?::(\d{1,4}))?$/.exec(device) ?? [];
  if (name === undefined || (ordinal !== undefined && name !== "cuda"))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'device to be "auto", "cpu", "cuda" or "cuda:<number>"',
      received: JSON.stringify(device),
    });
  return { name: name as Choice["name"], ordinal: Number(ordinal ?? 0) };
}

function precisionOf({ precision = "float32" }: DeviceOptions): Precision {
  if (precision !== "float32" && precision !== "tf32")
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'precision to be "float32" or "tf32"',
      received: JSON.stringify(precision),
    });
  return precision;
}

function openCuda(ordinal: number, options: DeviceOptions, reason: string | null): Device {
  const native = callNative(() => loadAddon().createCudaDevice({ ...cudaOptions(), ordinal }));
  return new Device("cuda", native, reason, precisionOf(options));
}

function openCpu(options: DeviceOptions, reason: string | null): Device {
  const addon = loadAddon();
  const { threads = addon.cpus, simd } = options;
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
  return new Device("cpu", native, reason, precisionOf(options));
}

/** The first GPU if it can be opened, else the CPU with the reason. */
function openAny(options: DeviceOptions): Device {
  const probe = probeCuda();
  if (!probe.usable) return openCpu(options, `no CUDA: ${probe.reason}`);
  try {
    return openCuda(0, options, cudaReason(probe));
  } catch (error) {
    return openCpu(options, `no CUDA: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Opens a device of its own: it shares no threads and no memory with others.
 *
 * @throws GLOCAL_BAD_OPTION for impossible options; for "cuda" GLOCAL_CUDA_NO_DRIVER,
 *   GLOCAL_CUDA_OLD_DRIVER, GLOCAL_CUDA_NO_DEVICE, GLOCAL_CUDA_UNSUPPORTED_CHIP,
 *   GLOCAL_CUDA_NO_NVRTC, GLOCAL_CUDA_NO_CUBLAS, GLOCAL_CUDA_NO_CUSOLVER, GLOCAL_CUDA_OLD_CUSOLVER,
 *   GLOCAL_OUT_OF_MEMORY or GLOCAL_CUDA
 */
export function openDevice(options: DeviceOptions = {}): Device {
  const { name, ordinal } = deviceChoice(options);
  precisionOf(options);
  if (name === "auto") return openAny(options);
  return name === "cuda" ? openCuda(ordinal, options, null) : openCpu(options, null);
}

const shared = new Map<string, Device>();

/** The device that top-level `jit`, `grad` and `jvp` share for the same options, opened at first use. */
export function defaultDevice(options: DeviceOptions = {}): Device {
  if (options.threads !== undefined || options.simd !== undefined) return openDevice(options);
  const { name, ordinal } = deviceChoice(options);
  const key = `${name}:${ordinal} ${precisionOf(options)}`;
  const device = shared.get(key) ?? openDevice(options);
  shared.set(key, device);
  return device;
}
