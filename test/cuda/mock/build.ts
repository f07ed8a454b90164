/** Builds the mock's libraries with CMake, once for each state of their sources. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = dirname(fileURLToPath(import.meta.url));
const BUILD = join(SOURCES, "../../../build/mock-cuda");
const STAMP = join(BUILD, "stamp");
const LOCK = join(BUILD, "lock");
/** A build takes well under a minute: an older lock is left over from a process that was killed. */
const LOCK_LASTS_MS = 300_000;

function sourcesHash(): string {
  const hash = createHash("sha256");
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

function run(words: readonly string[]): void {
  const [program, ...rest] = words as [string, ...string[]];
  const { status, error, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${words.join(" ")} failed:\n${stdout}${stderr}`);
}

const isBuilt = (hash: string) => existsSync(STAMP) && readFileSync(STAMP, "utf8") === hash;

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function tryLock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_LASTS_MS) rmdirSync(LOCK);
    return false;
  }
}

/** The folder of the build: libraries in `lib`, an older cuSOLVER in `old`, the program `selftest`. */
export function builtMock(): string {
  const hash = sourcesHash();
  mkdirSync(BUILD, { recursive: true });
  while (!isBuilt(hash)) {
    if (!tryLock()) {
      sleep(100);
      continue;
    }
    try {
      if (isBuilt(hash)) break;
      run(["cmake", "-S", SOURCES, "-B", BUILD]);
      run(["cmake", "--build", BUILD, "--parallel", String(availableParallelism())]);
      writeFileSync(STAMP, hash);
    } finally {
      rmdirSync(LOCK);
    }
  }
  return BUILD;
}
