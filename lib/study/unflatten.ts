/** Rebuilding a tree from the dotted paths of its leaves. */

import { GlocalError } from "../errors.js";

interface Branch<L> {
  readonly children: Map<string, Branch<L> | { readonly leaf: L }>;
}

/**
 * Nested objects, with lists where the keys of a level are 0, 1, …, n−1.
 * `source` is named in errors.
 *
 * @throws GLOCAL_DATA_FORMAT when one path goes on where another ends
 */
export function unflatten<L>(leaves: ReadonlyMap<string, L>, source: string): unknown {
  const root: Branch<L> = { children: new Map() };
  for (const [path, leaf] of leaves) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    let branch = root;
    for (const key of keys) {
      const next = branch.children.get(key) ?? { children: new Map() };
      if ("leaf" in next) throw clash(path, source);
      branch.children.set(key, next);
      branch = next;
    }
    if (branch.children.has(last)) throw clash(path, source);
    branch.children.set(last, { leaf });
  }
  return built(root);
}

function built<L>({ children }: Branch<L>): unknown {
  const entries = [...children].map(
    ([key, child]) => [key, "leaf" in child ? child.leaf : built(child)] as const,
  );
  const isList = entries.length > 0 && entries.every((_, i) => children.has(String(i)));
  // fromEntries defines every key as an own property, `__proto__` included.
  const record = Object.fromEntries(entries);
  return isList ? entries.map((_, i) => record[String(i)]) : record;
}

function clash(path: string, source: string): GlocalError {
  return new GlocalError("GLOCAL_DATA_FORMAT", {
    expected: `the names in ${source} to form a tree`,
    received: `${path}, part of which names an array already`,
  });
}
