/** The kernels that `native/cuda/kernels` has. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../../native/cuda/kernels");

export const FIXED_KERNELS: ReadonlySet<string> = new Set(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".cu"))
    .flatMap((file) => {
      const text = readFileSync(join(FOLDER, file), "utf8");
      return [...text.matchAll(/__global__ void __launch_bounds__\([^)]*\)\s+(\w+)\(/g)].map(
        (match) => match[1] as string,
      );
    }),
);
