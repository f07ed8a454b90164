/** What each value is to a batch, and the regions that are cut out of a graph. */
import { describe, expect, test } from "vitest";
import type { Graph, Tensor } from "../../../lib/ir/graph.js";
import type { Type } from "../../../lib/ir/types.js";
import { cutRegions } from "../../../lib/lower/batch/cut.js";
import { batchRoles, type Role } from "../../../lib/lower/batch/roles.js";
import * as ops from "../../../lib/ops/index.js";
import { traceFlat } from "../../../lib/trace/trace.js";

const B = 6;

const float = (...shape: number[]): Type => ({ dtype: "float64", shape, laned: false });
const int = (...shape: number[]): Type => ({ dtype: "int32", shape, laned: false });
const laned = (...shape: number[]): Type => ({ ...float(...shape), laned: true });

type Values = Readonly<Record<string, Tensor>>;

interface Traced {
  readonly graph: Graph;
  role(name: string): Role;
  /** e.g. "rows 0", "sum 1", "outside 1", "even 0". */
  roles(): Record<string, string>;
}

/** Values by name; all are outputs, unless `hidden`. Input 0 is the batch. */
function trace(
  types: readonly Type[],
  body: (...xs: Tensor[]) => Values,
  { batch = [0], hidden = [] }: { batch?: readonly number[]; hidden?: readonly string[] } = {},
): Traced {
  let values: Values = {};
  const graph = traceFlat(
    types.map((type, i) => ({ name: `x${i}`, type })),
    (xs) => {
      values = body(...xs);
      return Object.entries(values).flatMap(([name, x]) => (hidden.includes(name) ? [] : [x]));
    },
  );
  const roles = batchRoles(graph, batch);
  const role = (name: string) => roles?.of(values[name] as Tensor) as Role;
  const print = (name: string) => {
    const { kind, region, rule } = role(name);
    return `${kind === "outside" && rule ? "even" : kind} ${region}`;
  };
  return {
    graph,
    role,
    roles: () => Object.fromEntries(Object.keys(values).map((name) => [name, print(name)])),
  };
}

describe("batchRoles", () => {
  test("rows stay rows through whatever treats every example alike", () => {
    const { roles } = trace(
      [float(B, 4, 4, 2), float(3, 3, 2, 5), float(5, 7), int(B), float(9, 7)],
      (x, w, v, at, table) => {
        const conv = ops.conv2d(x as Tensor, w as Tensor, { padding: 1 });
        const pooled = ops.maxPool(ops.avgPool(conv, { window: 2 }), { window: 2 });
        const flat = ops.reshape(pooled, [B, 5]);
        const dense = ops.matmul(flat, v as Tensor);
        const picked = ops.gather(table as Tensor, at as Tensor);
        const best = ops.argmax(dense);
        return {
          conv,
          pooled,
          flat,
          dense,
          picked,
          best,
          joined: ops.concat([dense, picked], 1),
          padded: ops.pad(dense, { low: [0, 1] }),
          part: ops.slice(dense, { start: [0, 2] }),
          turned: ops.transpose(conv, [0, 3, 1, 2]),
          total: ops.sum(conv, { axes: [1, 2] }),
          most: ops.max(dense, { axes: [1] }),
          onehot: ops.oneHot(best, 7, "float64"),
        };
      },
      { batch: [0, 3] },
    );
    expect(new Set(Object.values(roles()))).toEqual(new Set(["rows 0"]));
  });

  test("floating sums over examples are sums, others lie outside", () => {
    const { roles } = trace(
      [float(B, 3), float(B, 2), int(B)],
      (x, y, at) => ({
        total: ops.sum(x as Tensor, { axes: [0] }),
        all: ops.sum(x as Tensor),
        product: ops.matmul(x as Tensor, y as Tensor, { transA: true }),
        scattered: ops.scatterAdd(x as Tensor, at as Tensor, 4),
        count: ops.sum(at as Tensor),
        most: ops.max(x as Tensor, { axes: [0] }),
        best: ops.argmax(x as Tensor, 0),
      }),
      { batch: [0, 1, 2] },
    );
    expect(roles()).toEqual({
      total: "sum 0",
      all: "sum 0",
      product: "sum 0",
      scattered: "sum 0",
      count: "outside 1",
      most: "outside 1",
      best: "outside 1",
    });
  });

  test("what moves examples about lies outside, after their region", () => {
    const { roles } = trace([float(B, B), float(B)], (x, v) => ({
      turned: ops.transpose(x as Tensor),
      flat: ops.reshape(x as Tensor, [-1]),
      part: ops.slice(x as Tensor, { start: [1, 0] }),
      spread: ops.pad(x as Tensor, { high: [1, 0] }),
      twice: ops.concat([x as Tensor, x as Tensor], 0),
      asRight: ops.matmul(ops.reshape(v as Tensor, [1, B]), x as Tensor),
      self: ops.matmul(x as Tensor, x as Tensor),
      gram: ops.matmul(x as Tensor, x as Tensor, { transB: true }),
      table: ops.gather(x as Tensor, ops.iota(3)),
    }));
    expect(new Set(Object.values(roles()))).toEqual(new Set(["outside 1"]));
  });

  test("a vector stretched to a row for each example is the same for all of them", () => {
    const { roles } = trace([float(B, B), float(B)], (x, v) => {
      const even = ops.broadcastTo(v as Tensor, [B, B]);
      return {
        even,
        doubled: ops.mul(even, 2),
        product: ops.matmul(even, v as Tensor),
        odd: ops.mul(even, ops.transpose(even)),
        used: ops.add(x as Tensor, even),
        constant: ops.full([B, 2], 3),
      };
    });
    expect(roles()).toEqual({
      even: "even 0",
      doubled: "even 0",
      product: "even 0",
      odd: "outside 0",
      used: "rows 0",
      constant: "even 0",
    });
  });

  test("rows stretched along another axis of the same length are not taken for rows", () => {
    const { roles } = trace([float(B)], (x) => {
      const down = ops.broadcastTo(x as Tensor, [B, B]);
      const across = ops.broadcastTo(ops.reshape(x as Tensor, [B, 1]), [B, B]);
      return { down, across, outer: ops.mul(down, across) };
    });
    expect(roles()).toEqual({ down: "even 1", across: "rows 0", outer: "rows 1" });
  });

  test("values after a sum over examples belong to a later region", () => {
    const { roles } = trace([float(B, 3)], (x) => {
      const mean = ops.mean(x as Tensor, { axes: [0], keepDims: true });
      const centred = ops.sub(x as Tensor, mean);
      const variance = ops.mean(ops.square(centred), { axes: [0], keepDims: true });
      const normal = ops.div(centred, ops.sqrt(variance));
      const loss = ops.sum(ops.tanh(normal));
      return { mean, centred, variance, normal, loss };
    });
    expect(roles()).toEqual({
      mean: "outside 1",
      centred: "rows 1",
      variance: "outside 2",
      normal: "rows 2",
      loss: "sum 2",
    });
  });

  test("sums that are only added up are one sum", () => {
    const body = (x: Tensor, y: Tensor): Values => {
      const [a, b, c] = [ops.sum(x), ops.sum(y), ops.sum(ops.mul(x, y))];
      const ab = ops.add(a, b);
      return { a, b, c, ab, abc: ops.add(ab, c) };
    };
    const types = [float(B, 3), float(B, 3)];
    const options = { batch: [0, 1] };
    const two = (x?: Tensor, y?: Tensor) => body(x as Tensor, y as Tensor);
    const joint = trace(types, two, { ...options, hidden: ["a", "b", "c", "ab"] });
    expect(joint.roles()).toMatchObject({ ab: "sum 0", abc: "sum 0" });
    expect(joint.role("abc").rule).toBeUndefined();
    const shown = trace(types, two, { ...options, hidden: ["a", "c", "ab"] });
    expect(shown.roles()).toMatchObject({ b: "sum 0", ab: "outside 1", abc: "outside 1" });
  });

  test("sums with and without lanes are not added up as one", () => {
    const { roles } = trace(
      [float(B, 3), laned(3)],
      (x, v) => {
        const plain = ops.sum(x as Tensor);
        const tangent = ops.sum(ops.mul(x as Tensor, v as Tensor));
        return { plain, tangent, both: ops.add(plain, tangent) };
      },
      { hidden: ["plain", "tangent"] },
    );
    expect(roles()).toEqual({ plain: "sum 0", tangent: "sum 0", both: "outside 1" });
  });

  test("rows of what is no batch are read beside those of the batch, unless they have lanes", () => {
    const { roles } = trace([float(B, 3), float(B, 3), laned(B, 3)], (x, other, lanes) => ({
      both: ops.add(x as Tensor, other as Tensor),
      alone: ops.mul(other as Tensor, 2),
      product: ops.matmul(other as Tensor, x as Tensor, { transA: true }),
      withLanes: ops.add(x as Tensor, lanes as Tensor),
    }));
    expect(roles()).toEqual({
      both: "rows 0",
      alone: "outside 0",
      product: "sum 0",
      withLanes: "outside 1",
    });
  });

  test("stacks of matrices: of the batch, or shared by it", () => {
    const { roles } = trace(
      [float(B, 3, 4), float(4, 5), float(1, 4, 5), float(B, 4)],
      (x, w, one, v) => ({
        own: ops.matmul(x as Tensor, x as Tensor, { transB: true }),
        shared: ops.matmul(x as Tensor, w as Tensor),
        stretched: ops.matmul(x as Tensor, one as Tensor),
        crossed: ops.matmul(ops.reshape(v as Tensor, [1, B, 4]), x as Tensor, { transB: true }),
        below: ops.matmul(ops.mul(v as Tensor, 2), x as Tensor, { transB: true }),
      }),
      { batch: [0, 3] },
    );
    expect(roles()).toEqual({
      own: "rows 0",
      shared: "rows 0",
      stretched: "rows 0",
      crossed: "rows 1",
      below: "outside 1",
    });
  });

  test("there is no batch without inputs of one length, of two examples at least", () => {
    const roles = (types: Type[], batch: number[]) =>
      batchRoles(
        traceFlat(
          types.map((type, i) => ({ name: `x${i}`, type })),
          (xs) => xs.map((x) => ops.neg(x)),
        ),
        batch,
      );
    expect(roles([float(B), float(B + 1)], [0, 1])).toBeUndefined();
    expect(roles([float(1), float(1)], [0])).toBeUndefined();
    expect(roles([float(0)], [0])).toBeUndefined();
    expect(roles([float()], [0])).toBeUndefined();
    expect(roles([laned(B)], [0])).toBeUndefined();
    expect(roles([float(B)], [])).toBeUndefined();
    expect(roles([float(B), float(B)], [0, 1])).toMatchObject({ examples: B, regions: 1 });
  });
});

/** Nodes of the cut graph by name, with the number of the region for its results. */
function names(graph: Graph): string[] {
  const regions: unknown[] = [];
  return graph.nodes.map(({ primitive, attrs }) => {
    if (primitive.name !== "regionResult") return primitive.name;
    if (!regions.includes(attrs["region"])) regions.push(attrs["region"]);
    return `region ${regions.indexOf(attrs["region"])} result ${attrs["result"]}`;
  });
}

describe("cutRegions", () => {
  const normalised = () =>
    trace([float(B, 3), float(3)], (x, w) => {
      const mean = ops.mean(x as Tensor, { axes: [0] });
      const centred = ops.sub(x as Tensor, mean);
      return { loss: ops.sum(ops.mul(centred, w as Tensor)) };
    }).graph;

  test("leaves the regions' results, in the order in which they need each other", () => {
    const cut = cutRegions(normalised(), [0]);
    expect(cut?.examples).toBe(B);
    expect(cut?.regions.length).toBe(2);
    expect(names((cut as { graph: Graph }).graph)).toEqual([
      "input",
      "input",
      "full",
      "region 0 result 0",
      "div",
      "region 1 result 0",
    ]);
    const [first, second] = cut?.regions ?? [];
    expect(first?.results.map((r) => r.kind)).toEqual(["sum"]);
    expect(first?.operands.map((o) => o.kind)).toEqual(["rows"]);
    expect(second?.results.map((r) => r.kind)).toEqual(["sum"]);
    expect(second?.operands.map((o) => o.kind).sort()).toEqual(["rows", "whole", "whole"]);
  });

  test("gives a region's rows to later ones and to outputs", () => {
    const { graph } = trace([float(B, 3)], (x) => {
      const row = ops.tanh(x as Tensor);
      const total = ops.sum(row, { axes: [0] });
      return { loss: ops.sum(ops.mul(row, total)), shown: ops.neg(x as Tensor) };
    });
    const cut = cutRegions(graph, [0]);
    expect(cut?.regions.map((r) => r.results.map(({ kind }) => kind).sort())).toEqual([
      ["rows", "rows", "sum"],
      ["sum"],
    ]);
  });

  test("has one running sum for all terms, before the operands", () => {
    const { graph } = trace(
      [float(B, 3), float(B, 2)],
      (x, y) => ({
        both: ops.add(
          ops.matmul(x as Tensor, y as Tensor, { transA: true }),
          ops.matmul(ops.square(x as Tensor), y as Tensor, { transA: true }),
        ),
      }),
      { batch: [0, 1] },
    );
    const cut = cutRegions(graph, [0, 1]);
    const [region] = cut?.regions ?? [];
    expect(region?.results).toMatchObject([{ kind: "sum", type: float(3, 2) }]);
    for (const size of [1, 2, 3]) {
      const { graph: inner, donate } = region?.build(size) ?? { graph, donate: new Map() };
      expect(inner.inputs.map((x) => x.shape)).toEqual([
        [3, 2],
        [size, 3],
        [size, 2],
      ]);
      expect([...donate]).toEqual([[0, 0]]);
      expect(inner.nodes.map((n) => n.primitive.name)).toEqual(
        expect.arrayContaining(["matmul", "matmul", "add", "add"]),
      );
    }
  });

  test("is not done where rows with lanes would leave", () => {
    const { graph } = trace([float(B, 3), laned(3)], (x, v) => ({
      tangents: ops.mul(x as Tensor, v as Tensor),
    }));
    expect(cutRegions(graph, [0])).toBeUndefined();
  });
});
