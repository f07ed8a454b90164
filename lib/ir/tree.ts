/** Trees: nested plain objects and arrays whose leaves are values. Keys keep the order in which they were written. */
import { GlocalError } from "../errors.js";

export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** The shape of a tree: enough to rebuild it from its leaves. */
export interface TreeDef {
  readonly size: number;
  /** Dotted path of each leaf, e.g. `conv1.weight`; "" for a tree that is one leaf. */
  readonly paths: readonly string[];
  /** Equal for trees of the same structure, e.g. `{"w"*"b"[**]}`. */
  readonly structure: string;
  rebuild<T>(leaves: readonly T[]): unknown;
}

function isBranch(node: unknown): node is Record<string, unknown> | readonly unknown[] {
  if (Array.isArray(node)) return true;
  if (typeof node !== "object" || node === null) return false;
  const proto = Object.getPrototypeOf(node);
  return proto === Object.prototype || proto === null;
}

/**
 * Splits a tree into its leaves and its shape.
 *
 * @throws GLOCAL_TRACE when something is neither a branch nor a leaf
 */
export function flatten<L>(tree: unknown, isLeaf: (x: unknown) => x is L): [L[], TreeDef] {
  const leaves: L[] = [];
  const paths: string[] = [];
  type Rebuild = (next: () => unknown) => unknown;
  let structure = "";
  const visit = (node: unknown, path: string): Rebuild => {
    if (isLeaf(node)) {
      leaves.push(node);
      paths.push(path);
      structure += "*";
      return (next) => next();
    }
    if (!isBranch(node))
      throw new GlocalError("GLOCAL_TRACE", {
        expected: `arrays, numbers, and objects or lists of them${path && ` at "${path}"`}`,
        received: node === null ? "null" : (node?.constructor?.name ?? typeof node),
      });
    const child = (key: string, value: unknown) => visit(value, path ? `${path}.${key}` : key);
    if (Array.isArray(node)) {
      structure += "[";
      const parts = node.map((value, i) => child(String(i), value));
      structure += "]";
      return (next) => parts.map((part) => part(next));
    }
    structure += "{";
    const parts = Object.entries(node).map(([key, value]) => {
      structure += JSON.stringify(key);
      return [key, child(key, value)] as const;
    });
    structure += "}";
    return (next) => Object.fromEntries(parts.map(([key, part]) => [key, part(next)]));
  };
  const rebuild = visit(tree, "");
  return [
    leaves,
    {
      size: leaves.length,
      paths,
      structure,
      rebuild: (values) => {
        let i = 0;
        return rebuild(() => values[i++]);
      },
    },
  ];
}

/** Applies `f` to every leaf. */
export function mapTree<L, T>(
  tree: unknown,
  isLeaf: (x: unknown) => x is L,
  f: (leaf: L, path: string) => T,
): unknown {
  const [leaves, def] = flatten(tree, isLeaf);
  return def.rebuild(leaves.map((leaf, i) => f(leaf, def.paths[i] as string)));
}
