/** Trees of arrays in files of the safetensors format, which other frameworks read, too. */

import { readFile } from "node:fs/promises";
import { GlocalError } from "../errors.js";
import { type HostArray, isHostArray } from "../ir/array.js";
import { flatten } from "../ir/tree.js";
import { writeAtomically } from "./atomic.js";
import { decodeTensors, encodeTensors } from "./safetensors-format.js";
import { unflatten } from "./unflatten.js";

/** Arrays in nested objects and lists. */
export type ParamTree = HostArray | readonly ParamTree[] | { readonly [key: string]: ParamTree };

/**
 * Saves a tree of arrays. Each array is named by its dotted path, e.g.
 * `conv1.weight` or `layers.0.bias`; dtypes are F32, F64, I32 and U8. The file
 * appears whole or not at all.
 *
 * @param metadata kept in the header's `__metadata__`
 * @throws GLOCAL_BAD_OPTION for keys that paths could not tell apart (empty ones and ones with a dot),
 * and for a path that cannot be written to
 */
export async function saveParams(
  path: string,
  tree: ParamTree,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [arrays, { paths }] = flatten(tree, isHostArray);
  checkPaths(tree, paths);
  const named = new Map(paths.map((name, i) => [name, arrays[i] as HostArray]));
  const chunks = encodeTensors(named, metadata);
  try {
    writeAtomically(path, chunks);
  } catch (cause) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `a path that can be written to, ${path}`,
      received: (cause as Error).message,
      hint: "Make its folder first.",
      cause,
    });
  }
}

/**
 * Loads what `saveParams`, or another program, has saved.
 *
 * With `like`, the result has exactly its structure: the file must hold an
 * array of the same dtype and shape for each of its leaves and no other.
 * Without, it is built from the paths, and a level whose keys are 0, 1, …, n−1
 * becomes a list.
 *
 * @throws GLOCAL_DATA_MISSING when the file cannot be read, GLOCAL_DATA_FORMAT
 * when it is not a whole safetensors file, GLOCAL_BAD_SHAPE or
 * GLOCAL_BAD_DTYPE when it does not fit `like`
 */
export async function loadParams<T extends ParamTree = ParamTree>(
  path: string,
  like?: T,
): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new GlocalError("GLOCAL_DATA_MISSING", {
      expected: `a readable safetensors file at ${path}`,
      received: (cause as Error).message,
      cause,
    });
  }
  const named = decodeTensors(bytes, path);
  return (like === undefined ? unflatten(named, path) : fitted(named, like, path)) as T;
}

function fitted(named: ReadonlyMap<string, HostArray>, like: ParamTree, file: string): unknown {
  const [wanted, { paths, rebuild }] = flatten(like, isHostArray);
  const extra = [...named.keys()].filter((name) => !paths.includes(name));
  const missing = paths.filter((name) => !named.has(name));
  if (extra.length > 0 || missing.length > 0) {
    const differences = [
      ...(missing.length > 0 ? [`lacks ${missing.join(", ")}`] : []),
      ...(extra.length > 0 ? [`also holds ${extra.join(", ")}`] : []),
    ];
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `${file} to hold the arrays ${paths.join(", ")}`,
      received: `a file that ${differences.join(" and ")}`,
    });
  }
  const found = paths.map((name) => named.get(name) as HostArray);
  found.forEach((array, i) => {
    requireSameType(array, wanted[i] as HostArray, `${paths[i]} in ${file}`);
  });
  return rebuild(found);
}

function requireSameType(found: HostArray, wanted: HostArray, where: string): void {
  if (found.data.constructor !== wanted.data.constructor) {
    throw new GlocalError("GLOCAL_BAD_DTYPE", {
      expected: `${where} to be a ${wanted.data.constructor.name}`,
      received: `a ${found.data.constructor.name}`,
    });
  }
  if (found.shape.join() !== wanted.shape.join()) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `${where} to have the shape [${wanted.shape.join(", ")}]`,
      received: `[${found.shape.join(", ")}]`,
    });
  }
}

function checkPaths(tree: ParamTree, paths: readonly string[]): void {
  if (isHostArray(tree)) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "an object or a list of arrays to save, so that each has a name",
      received: "a single array",
    });
  }
  forEachKey(tree, (key) => {
    if (key !== "" && !key.includes(".")) return;
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "keys of arrays to be non-empty and without dots",
      received: JSON.stringify(key),
    });
  });
  if (paths.includes("__metadata__")) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "no array named __metadata__, which the safetensors format reserves",
      received: "one",
    });
  }
}

function forEachKey(tree: ParamTree, visit: (key: string) => void): void {
  if (isHostArray(tree)) return;
  for (const [key, child] of Object.entries(tree)) {
    visit(key);
    forEachKey(child, visit);
  }
}
