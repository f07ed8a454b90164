/** Each way in which CUDA may be unusable has a code of its own and says whose words it repeats. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CudaLibraries, CudaOptions, NativeCudaProbe } from "../../lib/native/addon.js";
import { probeCudaWith } from "../../lib/native/cuda-probe.js";
import type { MockCudaOptions } from "./mock/index.js";
import { addon, mockOptions, scratchFolder } from "./support.js";

/** A probe opens libraries in a process of its own, so each is the first. */
const probe = (machine: MockCudaOptions = {}, more: Partial<CudaOptions> = {}): NativeCudaProbe =>
  probeCudaWith(mockOptions(more, machine));

/** None of these, not even where a machine with CUDA would have them. */
function without(...missing: (keyof CudaLibraries)[]): NativeCudaProbe {
  const options = mockOptions({}, { without: missing });
  const none = Object.fromEntries(missing.map((library) => [library, ["/absent/libabsent.so.1"]]));
  return probeCudaWith({ ...options, libraries: { ...options.libraries, ...none } });
}

const NOT_FOUND = "/absent/libabsent.so.1: cannot open shared object file: No such file";

describe("a machine with everything", () => {
  test("is usable, and the probe tells what it has", () => {
    const found = probe({ devices: 2, chip: "8.0", memory: 2 ** 30 });
    expect(found).toMatchObject({ usable: true, code: null, reason: "", driverVersion: 13000 });
    expect(found.devices).toMatchObject([
      { computeCapability: "8.0", memoryBytes: 2 ** 30 },
      { computeCapability: "8.0", memoryBytes: 2 ** 30 },
    ]);
    expect(Object.keys(found.libraries)).toEqual([
      "driver",
      "nvrtc",
      "nvrtc-builtins",
      "cublasLt",
      "cublas",
      "nvJitLink",
      "cusparse",
      "cusolver",
    ]);
    for (const path of Object.values(found.libraries)) expect(path).toMatch(/mock-cuda\/lib\/lib/);
  });
});

describe("a machine that lacks something", () => {
  test.each([
    ["driver", "GLOCAL_CUDA_NO_DRIVER", "NVIDIA's driver library"],
    ["nvrtc", "GLOCAL_CUDA_NO_NVRTC", "NVRTC"],
    ["cublas", "GLOCAL_CUDA_NO_CUBLAS", "cuBLAS"],
    ["cusolver", "GLOCAL_CUDA_NO_CUSOLVER", "cuSOLVER"],
  ] as const)("%s", (library, code, words) => {
    const found = without(library);
    expect(found).toMatchObject({ usable: false, code });
    expect(found.reason).toContain(`Expected ${words}`);
    expect(found.reason).toContain(NOT_FOUND);
  });

  test("what only cuSOLVER needs, in the loader's words about cuSOLVER", () => {
    const found = without("nvjitlink", "cusparse");
    expect(found.code).toBe("GLOCAL_CUDA_NO_CUSOLVER");
    expect(found.reason).toMatch(/libcusolver\.so\.12: lib\w+\.so\.\d+: cannot open shared object/);
  });

  test("cuSOLVER without Xgeev", () => {
    const found = probe({ oldCusolver: true });
    expect(found.code).toBe("GLOCAL_CUDA_OLD_CUSOLVER");
    expect(found.reason).toContain("it lacks cusolverDnXgeev");
  });

  test("a driver older than the libraries, which are not started", () => {
    const found = probe({ driver: 12080 });
    expect(found.code).toBe("GLOCAL_CUDA_OLD_DRIVER");
    expect(found.reason).toContain("it is of CUDA 13, and the driver is for CUDA 12.8");
    expect(Object.keys(found.libraries)).toEqual(["driver"]);
  });

  test("a driver older than any CUDA that we know", () => {
    const found = probe({ driver: 11040 });
    expect(found.code).toBe("GLOCAL_CUDA_OLD_DRIVER");
    expect(found.reason).toContain(
      "a driver for CUDA 12.0 or newer but received one for CUDA 11.4",
    );
  });

  test("no device, and no device of that number", () => {
    expect(probe({ devices: 0 }).code).toBe("GLOCAL_CUDA_NO_DEVICE");
    const found = probe({ devices: 2 }, { ordinal: 2 });
    expect(found.code).toBe("GLOCAL_CUDA_NO_DEVICE");
    expect(found.reason).toContain("a GPU with the number 2, counted from 0 but received only 2");
    expect(found.devices.length).toBe(2);
  });

  test("a chip before Ampere", () => {
    const found = probe({ chip: "7.5" });
    expect(found.code).toBe("GLOCAL_CUDA_UNSUPPORTED_CHIP");
    expect(found.reason).toMatch(
      /compute capability 8\.0 \(Ampere\) or newer but received .* of 7\.5/,
    );
    expect(found.devices).toMatchObject([{ computeCapability: "7.5" }]);
  });
});

describe("a chip that NVRTC does not know", () => {
  test("runs what is compiled for an older one of its generation", () => {
    expect(probe({ chip: "10.3", newest: 100 }).usable).toBe(true);
  });

  test("is not supported where NVRTC knows none of its generation", () => {
    const found = probe({ chip: "12.0", newest: 90 });
    expect(found.code).toBe("GLOCAL_CUDA_UNSUPPORTED_CHIP");
    expect(found.reason).toContain(
      "of compute capability 12.0 but received NVRTC 13.0, which knows those up to 9.0",
    );
  });
});

describe("a driver that is broken", () => {
  /** The mock's driver, but for cuInit. */
  function brokenDriver(body: string): CudaOptions {
    const folder = scratchFolder();
    const options = mockOptions();
    const mock = options.libraries.driver[0] as string;
    const source = join(folder, "driver.c");
    const path = join(folder, "libcuda.so.1");
    writeFileSync(
      source,
      `#include <stdio.h>\n#include <stdlib.h>\nint cuInit(unsigned f) { ${body} }\n`,
    );
    const args = ["-shared", "-fPIC", "-o", path, source, "-Wl,--no-as-needed", mock];
    const { status, stderr } = spawnSync("cc", [...args, `-Wl,-rpath,${dirname(mock)}`], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    return { ...options, libraries: { ...options.libraries, driver: [path] } };
  }

  test("in its file, so that opening it is the end", () => {
    const folder = scratchFolder();
    const [source, path] = [join(folder, "driver.c"), join(folder, "libcuda.so.1")];
    writeFileSync(
      source,
      "extern void abort(void); __attribute__((constructor)) void f(void) { abort(); }",
    );
    spawnSync("cc", ["-shared", "-fPIC", "-o", path, source]);
    const options = mockOptions();
    const found = probeCudaWith({
      ...options,
      libraries: { ...options.libraries, driver: [path] },
    });
    expect(found).toMatchObject({ usable: false, code: "GLOCAL_CUDA", devices: [] });
    expect(found.reason).toContain("the signal SIGABRT");
  });

  test("and aborts the process that tries it", () => {
    const found = probeCudaWith(
      brokenDriver('fputs("kernel module is gone\\n", stderr); abort();'),
    );
    expect(found).toMatchObject({ usable: false, code: "GLOCAL_CUDA", devices: [] });
    expect(found.reason).toContain("the signal SIGABRT (kernel module is gone)");
  });

  test("and ends the process that tries it", () => {
    expect(probeCudaWith(brokenDriver("exit(3);")).reason).toContain("exit code 3");
    expect(probeCudaWith(brokenDriver("exit(0);")).reason).toContain(
      "an answer that makes no sense",
    );
  });

  test("and reports an error at its start", () => {
    const found = probeCudaWith(brokenDriver("return 400;"));
    expect(found.code).toBe("GLOCAL_CUDA");
    expect(found.reason).toBe(
      "Expected cuInit to succeed but received CUDA_ERROR_INVALID_HANDLE (invalid resource handle).",
    );
  });

  test("and prints something of its own", () => {
    const found = probeCudaWith(brokenDriver('puts("hello"); fflush(stdout); return 100;'));
    expect(found.code).toBe("GLOCAL_CUDA_NO_DEVICE");
  });
});

test("a device is opened with the same errors as the probe's", () => {
  const options = mockOptions();
  const nothing = { ...options.libraries, driver: ["/absent/libabsent.so.1"] };
  const open = (more: Partial<CudaOptions>) => () =>
    addon.createCudaDevice({ ...options, ...more });
  const thrown = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return error;
    }
    throw new Error("nothing was thrown");
  };
  expect(thrown(open({ libraries: nothing }))).toMatchObject({
    code: "GLOCAL_CUDA_NO_DRIVER",
    expected: "NVIDIA's driver library",
    received: expect.stringContaining(NOT_FOUND),
    hint: expect.stringContaining("Install NVIDIA's driver"),
  });
  expect(open({})().level).toBe("sm_90");
  // From here on the libraries are open, wherever they are looked for.
  expect(open({ libraries: nothing })().level).toBe("sm_90");
  expect(thrown(open({ ordinal: 7 }))).toMatchObject({ code: "GLOCAL_CUDA_NO_DEVICE" });
});

test("options that are not what they should be are refused", () => {
  const open = (options: unknown) => () => addon.createCudaDevice(options as CudaOptions);
  expect(open(undefined)).toThrow(/options/);
  expect(open({})).toThrow(/libraries/);
  expect(open({ ...mockOptions(), ordinal: -1 })).toThrow(/ordinal/);
  expect(open({ ...mockOptions(), cacheFolder: 1 })).toThrow(/cacheFolder/);
  expect(open({ ...mockOptions(), libraries: { driver: [1] } })).toThrow(/driver/);
});
