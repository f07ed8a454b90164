import { existsSync } from "node:fs";
import { join } from "node:path";
import { provide } from "./provide.mjs";

const DATASETS = "usr/share/datasets";
const LAST_FILE = "fashion-mnist/t10k-labels-idx1-ubyte.gz";

/**
 * Fashion-MNIST, which a few tests read when it is there: in the system's folder, or unpacked into the project's
 * cache, which the tests are then told of.
 *
 * @param {string} root
 * @param {import("./provide.mjs").Machine} machine
 * @returns {{ line: string, env: Record<string, string> }}
 */
export function fashionMnist(root, machine) {
  const into = join(root, ".cache", "dataset-fashion-mnist");
  const unpacked = join(into, DATASETS);
  const inSystem = () => existsSync(join("/", DATASETS, LAST_FILE));
  const inCache = () => existsSync(join(unpacked, LAST_FILE));
  const want = {
    title: "Fashion-MNIST",
    packages: ["dataset-fashion-mnist"],
    unpack: { packages: ["dataset-fashion-mnist"], into },
    present: () => inSystem() || inCache(),
  };
  try {
    provide(want, machine);
  } catch (error) {
    return { line: `not available, so tests that need it are skipped. ${error.message}`, env: {} };
  }
  return inSystem()
    ? { line: "the system has it", env: {} }
    : { line: "unpacked in .cache", env: { GLOCAL_DATA_DIR: unpacked } };
}
