/** What ptxas -v says of kernels, through nvcc or through NVRTC's log. */

/** @typedef {{ kernel: string, chip: string, registers: number, spilled: number, shared: number }} Usage */

/** @param {string} text @param {RegExp} pattern */
function numberIn(text, pattern) {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/**
 * @param {string} log
 * @returns {Usage[]} bytes stored by spilling and bytes of shared memory
 */
export function resourceUsage(log) {
  const [, ...parts] = log.split("Compiling entry function '");
  return parts.map((part) => {
    const [, kernel = "", chip = ""] = /^(\w+)' for 'sm_(\w+)'/.exec(part) ?? [];
    return {
      kernel,
      chip,
      registers: numberIn(part, /Used (\d+) registers/),
      spilled: numberIn(part, /(\d+) bytes spill stores/),
      shared: numberIn(part, /(\d+) bytes smem/),
    };
  });
}
