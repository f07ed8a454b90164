import { describe, expect, test } from "vitest";
import { complaints, neededLibraries, oldestGlibc, symbols } from "../../scripts/check-binary.mjs";

const clean = {
  needed: ["libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"],
  wanted: ["napi_create_function", "malloc@GLIBC_2.2.5", "pthread_create@GLIBC_2.34"],
  exported: ["napi_register_module_v1", "node_api_module_get_api_version_v1"],
};

describe("what a finished addon may need and show", () => {
  test("the C library and Node-API only", () => {
    expect(complaints(clean)).toEqual([]);
  });

  test.each([
    "libopenblas.so.0",
    "libgfortran.so.5",
    "libstdc++.so.6",
    "libgomp.so.1",
    "libcuda.so.1",
  ])("it may not need %s", (name) => {
    expect(complaints({ ...clean, needed: [...clean.needed, name] })).toEqual([`it needs ${name}`]);
  });

  test.each([
    "_gfortran_etime",
    "openblas_set_num_threads",
    "_ZSt9terminatev@GLIBCXX_3.4",
    "__cxa_throw@CXXABI_1.3",
    "dgesdd_",
    "_ZN6glocal3runEv",
  ])("%s has to be inside", (name) => {
    const found = complaints({ ...clean, wanted: [...clean.wanted, name] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(name);
  });

  test("nothing else is exported", () => {
    expect(complaints({ ...clean, exported: [...clean.exported, "cblas_sgemm"] })).toHaveLength(1);
  });

  test("reads what readelf and nm print", () => {
    const readelf =
      " 0x1 (NEEDED)             Shared library: [libm.so.6]\n 0xe (SONAME) name: [x]";
    expect(neededLibraries(readelf)).toEqual(["libm.so.6"]);
    const nm = [
      "                 U malloc@GLIBC_2.2.5",
      "                 w __gmon_start__",
      "0000000000001000 T napi_x",
      "",
    ];
    expect(symbols(nm.join("\n"))).toEqual(["malloc@GLIBC_2.2.5", "napi_x"]);
  });

  test("the oldest C library is found by number, not by letter", () => {
    expect(oldestGlibc(["a@GLIBC_2.4", "b@GLIBC_2.34", "c@GLIBC_2.2.5", "napi_x"])).toBe("2.34");
  });
});
