import { describe, expect, test } from "vitest";
import { complaints, neededLibraries, symbolNames } from "../../scripts/check-binary.mjs";

const clean = {
  needed: ["libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"],
  undefinedSymbols: ["napi_create_function", "malloc", "__cxa_finalize", "pthread_create"],
  exported: ["napi_register_module_v1", "node_api_module_get_api_version_v1"],
};

describe("what a finished addon may need and show", () => {
  test("the C library only", () => {
    expect(complaints(clean)).toEqual([]);
  });

  test.each([
    "libopenblas.so.0",
    "libgfortran.so.5",
    "libstdc++.so.6",
    "libgomp.so.1",
    "libcuda.so.1",
  ])("not %s", (name) => {
    expect(complaints({ ...clean, needed: [...clean.needed, name] })).toEqual([`it needs ${name}`]);
  });

  test.each([
    "_gfortran_etime",
    "openblas_set_num_threads",
    "_ZSt9terminatev",
    "__cxa_throw",
    "dgesdd_",
  ])("%s has to be inside", (name) => {
    const found = complaints({ ...clean, undefinedSymbols: [...clean.undefinedSymbols, name] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(name);
  });

  test("nothing else is exported", () => {
    expect(complaints({ ...clean, exported: [...clean.exported, "cblas_sgemm"] })).toHaveLength(1);
  });

  test("reads what readelf and nm print", () => {
    expect(
      neededLibraries(" 0x1 (NEEDED)             Shared library: [libm.so.6]\n 0xe (SONAME) [x]"),
    ).toEqual(["libm.so.6"]);
    expect(
      symbolNames("                 U malloc@GLIBC_2.2.5\n0000000000001000 T napi_x@@V1\n"),
    ).toEqual(["malloc", "napi_x"]);
  });
});
