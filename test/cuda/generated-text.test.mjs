/** Generated kernels of a training step are machine code for every chip, where a compiler is: NVRTC or nvcc. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stepGraphs } from "../../bench/step-programs.js";
import { lowerCuda } from "../../lib/lower/cuda/lower.js";
import { nvccCompiler, nvrtcCompiler } from "../../scripts/cuda/compilers.mjs";

const compiler = nvrtcCompiler() ?? nvccCompiler();

const lenet = { model: "lenet", batch: 128, lanes: 3 };

test.skipIf(!compiler).each([
  [lenet, "plain"],
  [lenet, "tangents"],
  [lenet, "adjoints"],
  [{ model: "wrn-28-2", batch: 128, lanes: 2 }, "tangents"],
  [{ model: "reweighting", batch: 16, lanes: 32 }, "tangents"],
])(
  "those of %o (%s) compile and keep their registers",
  { timeout: 600_000 },
  async (step, kind) => {
    const { graph, options } = stepGraphs(step)[kind]();
    const folder = mkdtempSync(join(tmpdir(), "glocal-text-"));
    try {
      const texts = lowerCuda(graph, options).program.modules.map((text, i) => {
        const path = join(folder, `module-${i}.cu`);
        writeFileSync(path, text);
        return path;
      });
      const compiled = await compiler(texts);
      expect(compiled.flatMap(({ error }) => (error ? [error] : []))).toEqual([]);
      const spilled = compiled.flatMap(({ usage }) => usage.filter((u) => u.spilled > 0));
      expect(spilled).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
