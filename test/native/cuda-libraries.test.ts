/** Where NVIDIA's libraries are looked for, and in which order. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anyLies, findCudaLibraries } from "../../lib/native/cuda-libraries.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "glocal-cuda-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Makes empty files, and returns their paths. */
function files(...paths: string[]): string[] {
  return paths.map((path) => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
    return file;
  });
}

const find = (path: string, more: Record<string, string> = {}) =>
  findCudaLibraries({ GLOCAL_CUDA_PATH: path, ...more });

test("with nothing named, the loader's own come first", () => {
  const { driver, nvrtc, nvjitlink, cublasLt, cublas, cusparse, cusolver } = findCudaLibraries({});
  expect(driver[0]).toBe("libcuda.so.1");
  expect(nvrtc.slice(0, 2)).toEqual(["libnvrtc.so.13", "libnvrtc.so.12"]);
  expect(nvjitlink.slice(0, 2)).toEqual(["libnvJitLink.so.13", "libnvJitLink.so.12"]);
  expect(cublasLt.slice(0, 2)).toEqual(["libcublasLt.so.13", "libcublasLt.so.12"]);
  expect(cublas.slice(0, 2)).toEqual(["libcublas.so.13", "libcublas.so.12"]);
  expect(cusparse[0]).toBe("libcusparse.so.12");
  expect(cusolver.slice(0, 2)).toEqual(["libcusolver.so.12", "libcusolver.so.11"]);
});

test("a folder of libraries, the newest first and a name without a number last", () => {
  const [nine, thirteen, plain] = files("libnvrtc.so.9", "libnvrtc.so.13", "libnvrtc.so");
  files("libnvrtc-builtins.so.13.0", "libnvrtc.alt.so.13", "libnvrtc.so.13.txt", "libnvrtc.a");
  const { nvrtc } = find(root);
  expect(nvrtc.slice(0, 3)).toEqual([thirteen, nine, plain]);
  expect(nvrtc[3]).toBe("libnvrtc.so.13");
});

test("a home of CUDA", () => {
  const [a, b, c] = files(
    "lib64/libcublas.so.13",
    "targets/x86_64-linux/lib/libcublas.so.12",
    "lib/libcuda.so.1",
  );
  const { cublas, driver } = find(root);
  expect(cublas.slice(0, 2)).toEqual([a, b]);
  expect(driver[0]).toBe(c);
});

test("the layouts of Python's wheels, old and new, named by any of their folders", () => {
  const [old, recent] = files(
    "venv/lib/python3.12/site-packages/nvidia/cublas/lib/libcublas.so.12",
    "venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13",
  );
  const packages = "venv/lib/python3.12/site-packages";
  for (const folder of ["venv", packages, `${packages}/nvidia`]) {
    const { cublas } = find(join(root, folder));
    expect(cublas.slice(0, 2).sort()).toEqual([recent, old].sort());
  }
  const { cublas } = find(join(root, packages, "nvidia", "cu13"));
  expect(cublas[0]).toBe(recent);
});

test("several folders, in the order in which they are named", () => {
  const [b, a] = files("b/libcusolver.so.12", "a/libcusolver.so.12");
  const { cusolver } = find(`${join(root, "b")}:${join(root, "a")}:`);
  expect(cusolver.slice(0, 2)).toEqual([b, a]);
});

test("CUDA_HOME and CUDA_PATH come after the loader's own, and hold no driver", () => {
  const [home, path] = files("home/lib64/libnvrtc.so.12", "path/lib/libnvrtc.so.13");
  files("home/lib64/libcuda.so.1");
  const { nvrtc, driver } = findCudaLibraries({
    CUDA_HOME: join(root, "home"),
    CUDA_PATH: join(root, "path"),
  });
  expect(nvrtc.slice(0, 4)).toEqual(["libnvrtc.so.13", "libnvrtc.so.12", home, path]);
  expect(driver.some((candidate) => candidate.startsWith(root))).toBe(false);
});

test("a folder that does not exist is no error", () => {
  expect(find(join(root, "absent")).driver[0]).toBe("libcuda.so.1");
});

test("whether the loader would find one is seen without asking it", () => {
  const [driver] = files("libcuda.so.1") as [string];
  expect(anyLies([join(root, "absent.so"), driver], {})).toBe(true);
  expect(anyLies([join(root, "absent.so")], {})).toBe(false);
  expect(anyLies(["libglocal-absent.so.1", "libc.so.6"], {})).toBe(true);
  expect(anyLies(["libglocal-absent.so.1"], {})).toBe(false);
  files("libglocal-own.so.1");
  expect(anyLies(["libglocal-own.so.1"], { LD_LIBRARY_PATH: `/absent:${root}` })).toBe(true);
});
