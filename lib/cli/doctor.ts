/** `glocal doctor`: what this installation can do, and why not more. */

import type { Io } from "./io.js";
import type { DeviceReport, Library } from "./library.js";
import { packageVersion } from "./version.js";

export interface Diagnosis {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  /** Path of the native addon; null when it could not be loaded. */
  readonly addon: string | null;
  readonly devices: readonly DeviceReport[];
  readonly threads: number | null;
  /** The SIMD level that is used. */
  readonly simd: string | null;
  readonly blas: string | null;
}

/** Returns exit code 0 when at least one device can be used, else 1. */
export function runDoctor(options: { readonly json?: boolean }, io: Io, library: Library): number {
  const diagnosis = diagnose(library);
  io.stdout.write(options.json ? `${JSON.stringify(diagnosis)}\n` : formatted(diagnosis));
  return diagnosis.devices.some((device) => device.usable) ? 0 : 1;
}

function diagnose(library: Library): Diagnosis {
  const devices: readonly DeviceReport[] = library.devices();
  const cpu = devices.find((device) => device.name === "cpu");
  return {
    version: packageVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    addon: cpu?.addon ?? null,
    devices,
    threads: cpu?.threads ?? null,
    simd: cpu?.simdLevels?.at(-1) ?? null,
    blas: cpu?.blas ?? null,
  };
}

function formatted(diagnosis: Diagnosis): string {
  const { version, node, platform, addon, devices, threads, simd, blas } = diagnosis;
  const rows: [string, string][] = [
    ["glocal", version],
    ["node", `${node} on ${platform}`],
    ["addon", addon ?? "unknown"],
    ...devices.flatMap(deviceRows),
    ["threads", String(threads ?? "unknown")],
    ["SIMD", simd ?? "unknown"],
    ["BLAS", blas ?? "unknown"],
  ];
  return rows.map(([name, value]) => `${name.padEnd(9)}${value}\n`).join("");
}

/** What is known of a GPU and of NVIDIA's libraries helps when it cannot be used. */
function deviceRows({ name, usable, reason, gpus, libraries }: DeviceReport): [string, string][] {
  return [
    [name, `${usable ? "usable" : "not usable"}: ${reason}`],
    ...(gpus ?? []).map(({ name: gpu, computeCapability, memoryBytes }): [string, string] => [
      "",
      `${gpu}, compute capability ${computeCapability}, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB`,
    ]),
    ...Object.entries(libraries ?? {}).map(([library, path]): [string, string] => [
      "",
      `${library}: ${path}`,
    ]),
  ];
}
