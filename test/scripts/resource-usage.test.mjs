import { describe, expect, it } from "vitest";
import { resourceUsage } from "../../scripts/cuda/resource-usage.mjs";

const NVCC = `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'conv_a' for 'sm_90'
ptxas info    : Function properties for conv_a
    56 bytes stack frame, 68 bytes spill stores, 60 bytes spill loads
ptxas info    : Used 168 registers, used 1 barriers, 56 bytes cumulative stack size, 25600 bytes smem
ptxas info    : Compile time = 4.045 ms
`;
const NVRTC = `ptxas info    : 4 bytes gmem
ptxas info    : Compiling entry function 'gather_8' for 'sm_100a'
ptxas info    : Function properties for gather_8
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 16 registers, used 0 barriers
`;

describe("resourceUsage", () => {
  it("reads what ptxas says through nvcc and through NVRTC", () => {
    expect(resourceUsage(NVCC + NVRTC)).toEqual([
      { kernel: "conv_a", chip: "90", registers: 168, spilled: 68, shared: 25600 },
      { kernel: "gather_8", chip: "100a", registers: 16, spilled: 0, shared: 0 },
    ]);
  });

  it("finds nothing in other logs", () => {
    expect(resourceUsage("error: expected a ;")).toEqual([]);
  });
});
