/**
 * Random small programs: views, elementwise operations, reductions, products
 * and joins of each other's results, over several dtypes and with or without
 * lanes, whose outputs may take over the memory of inputs.
 *
 * Every operation keeps its results within a few units and away from jumps, so
 * that differences of rounding stay differences of rounding.
 */
import fc from "fast-check";
import type { Graph, Tensor } from "../../lib/ir/graph.js";
import { isFloat, type Shape, sameShape, sizeOf, type Type } from "../../lib/ir/types.js";
import * as ops from "../../lib/ops/index.js";
import { interpret } from "../../lib/reference/interpret.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import { Random } from "../conformance/random.js";

/** One instruction: which kind of operation, and numbers that choose its operands and options. */
interface Instruction {
  readonly kind: number;
  readonly picks: readonly number[];
}

export interface RandomProgram {
  readonly inputs: readonly Type[];
  readonly body: readonly Instruction[];
  readonly outputs: readonly number[];
  /** For every output, whether it should take over an input's memory, and which it tries first. */
  readonly donations: readonly (number | null)[];
  /** Derivatives to add: tangents by laned directions of the floating inputs, or cotangents of them. */
  readonly derivative: "none" | "forward" | "reverse" | "both";
  readonly seed: number;
}

/** How many examples a batch has. */
export const EXAMPLES = 6;

const shapes: readonly Shape[] = [
  [],
  [4],
  [3, 4],
  [4, 3],
  [3, 1],
  [2, 3, 4],
  [12],
  [1, 4, 4, 2],
  [2, 2, 2, 2],
  [40, 30],
];

/** Shapes of which many have rows for EXAMPLES examples. */
const batchShapes: readonly Shape[] = [
  [],
  [3],
  [EXAMPLES],
  [EXAMPLES, 1],
  [EXAMPLES, 3],
  [EXAMPLES, 3],
  [EXAMPLES, 3],
  [EXAMPLES, EXAMPLES],
  [3, EXAMPLES],
  [3, 3],
  [EXAMPLES, 2, 3],
  [2, 3, 3],
  [EXAMPLES, 4, 4, 2],
  [2, 2, 2, 2],
];

/** Examples, parameters and labels, so that no program is without. */
const batchInputs: readonly Type[] = [
  { dtype: "float64", shape: [EXAMPLES, 3], laned: false },
  { dtype: "float64", shape: [3, 3], laned: false },
  { dtype: "int32", shape: [EXAMPLES], laned: false },
];

const type = (narrow: boolean, among: readonly Shape[], lanedPercent: number): fc.Arbitrary<Type> =>
  fc.record({
    dtype: narrow
      ? fc.constantFrom("float32" as const, "float64" as const, "int32" as const, "bool" as const)
      : fc.constantFrom("float64" as const, "float64" as const, "int32" as const),
    shape: fc.constantFrom(...among),
    laned: fc.nat({ max: 99 }).map((n) => n < lanedPercent),
  });

const index = fc.nat({ max: 1000 });

/**
 * @param narrow with float32, whose roundings are seen more easily, and bool
 * @param batch with inputs of shapes that let many be the batch's
 */
export function randomProgram(narrow: boolean, batch = false): fc.Arbitrary<RandomProgram> {
  return fc
    .record({
      inputs: batch
        ? fc
            .array(type(narrow, batchShapes, 15), { maxLength: 5 })
            .map((more) => [...batchInputs, ...more])
        : fc.array(type(narrow, shapes, 50), { minLength: 2, maxLength: 7 }),
      body: fc.array(
        fc.record({ kind: index, picks: fc.array(index, { minLength: 4, maxLength: 4 }) }),
        { minLength: batch ? 6 : 0, maxLength: 25, size: "max" },
      ),
      outputs: fc.array(index, { minLength: 1, maxLength: 6 }),
      donations: fc.array(fc.option(index), { minLength: 6, maxLength: 6 }),
      derivative: fc.constantFrom("none", batch ? "both" : "none", "forward", "reverse", "both"),
      seed: fc.integer(),
    })
    .map((p) => ({
      ...p,
      // Laned tangents want values that are not laned.
      inputs:
        p.derivative === "forward" || p.derivative === "both"
          ? p.inputs.map((t) => ({ ...t, laned: false }))
          : p.inputs,
    })) as fc.Arbitrary<RandomProgram>;
}

type Pick = (n: number) => number;
/** Makes a value of some before it, or gives up when they do not fit. */
type Maker = (pool: readonly Tensor[], pick: Pick) => Tensor | undefined;

const floating = (x: Tensor) => isFloat(x.dtype);

function choose(
  pool: readonly Tensor[],
  pick: Pick,
  fits: (x: Tensor) => boolean,
): Tensor | undefined {
  const found = pool.filter(fits);
  // Half of the time one of the last three, so that operations follow each other and fuse.
  const recent = pick(2) === 0 ? found.slice(-3) : found;
  return recent.length > 0 ? recent[pick(recent.length)] : undefined;
}

const like = (x: Tensor) => (y: Tensor) => y.dtype === x.dtype && sameShape(x.shape, y.shape);

/** The same dtype, and shapes of which one stretches to the other. */
const stretches = (x: Tensor) => (y: Tensor) => {
  if (y.dtype !== x.dtype) return false;
  const [a, b] = [x.shape.slice().reverse(), y.shape.slice().reverse()];
  return a.every((d, i) => b[i] === undefined || b[i] === d || b[i] === 1 || d === 1);
};

const small = (x: Tensor) => sizeOf(x.shape) <= 1200;

function unary(f: (x: Tensor) => Tensor): Maker {
  return (pool, pick) => {
    const x = choose(pool, pick, floating);
    return x && f(x);
  };
}

function binary(f: (x: Tensor, y: Tensor) => Tensor): Maker {
  return (pool, pick) => {
    const x = choose(pool, pick, floating);
    const y = x && choose(pool, pick, stretches(x));
    return y && f(x, y);
  };
}

function integers(f: (x: Tensor, y: Tensor) => Tensor): Maker {
  return (pool, pick) => {
    const x = choose(pool, pick, (t) => t.dtype === "int32");
    const y = x && choose(pool, pick, stretches(x));
    // Halved by way of a float, so that chains of them stay small.
    return y && ops.cast(ops.mul(ops.cast(f(x, y), "float64"), 0.4), "int32");
  };
}

function view(f: (x: Tensor, pick: Pick) => Tensor): Maker {
  return (pool, pick) => {
    const x = choose(pool, pick, small);
    return x && f(x, pick);
  };
}

const axesOf = (x: Tensor, pick: Pick) => x.shape.map((_, i) => i).filter(() => pick(2) === 0);

const product: Maker = (pool, pick) => {
  const x = choose(pool, pick, (t) => floating(t) && t.shape.length >= 2 && small(t));
  if (!x) return undefined;
  const transA = pick(2) === 0;
  const k = x.shape.at(transA ? -2 : -1) as number;
  const fits = (transB: boolean) => (y: Tensor) =>
    y.dtype === x.dtype && y.shape.length === 2 && y.shape[transB ? 1 : 0] === k;
  const transB = pick(2) === 0;
  const y = choose(pool, pick, fits(transB));
  return y && ops.mul(ops.matmul(x, y, { transA, transB }), 0.2);
};

/** x·y + z·w, which a device may accumulate in one place. */
const productsSummed: Maker = (pool, pick) => {
  const matrix = (t: Tensor) => floating(t) && t.shape.length === 2;
  const x = choose(pool, pick, matrix);
  const z =
    x && choose(pool, pick, (t) => matrix(t) && t.dtype === x.dtype && t.shape[0] === x.shape[0]);
  const y =
    x && choose(pool, pick, (t) => matrix(t) && t.dtype === x.dtype && t.shape[0] === x.shape[1]);
  if (!x || !y || !z) return undefined;
  const w = choose(
    pool,
    pick,
    (t) =>
      matrix(t) && t.dtype === x.dtype && t.shape[0] === z.shape[1] && t.shape[1] === y.shape[1],
  );
  if (!w) return undefined;
  const products = [ops.matmul(x, y), ops.matmul(z, w), ops.matmul(x, y)];
  const sum = [...Array(2 + pick(2)).keys()]
    .map(() => products.splice(pick(products.length), 1)[0] as Tensor)
    .reduce((a, b) => (pick(2) === 0 ? ops.add(a, b) : ops.add(b, a)));
  return ops.mul(sum, 0.1);
};

const convolution: Maker = (pool, pick) => {
  const x = choose(
    pool,
    pick,
    (t) =>
      floating(t) &&
      t.shape.length === 4 &&
      t.shape[3] === 2 &&
      (t.shape[1] as number) >= 2 &&
      (t.shape[2] as number) >= 2 &&
      small(t),
  );
  const w = x && choose(pool, pick, (t) => t.dtype === x.dtype && sameShape(t.shape, [2, 2, 2, 2]));
  return w && ops.mul(ops.conv2d(x, w, { stride: 1 + pick(2), padding: pick(2) }), 0.2);
};

const pooling: Maker = (pool, pick) => {
  const x = choose(
    pool,
    pick,
    (t) =>
      floating(t) &&
      t.shape.length === 4 &&
      (t.shape[1] as number) >= 2 &&
      (t.shape[2] as number) >= 2 &&
      small(t),
  );
  return x && ops.avgPool(x, { window: 2, stride: 1 + pick(2) });
};

const choice: Maker = (pool, pick) => {
  const x = choose(pool, pick, floating);
  const y = x && choose(pool, pick, like(x));
  const c =
    y &&
    choose(pool, pick, (t) => sameShape(t.shape, y.shape) && (t.dtype === "bool" || floating(t)));
  if (!c) return undefined;
  const condition = c.dtype === "bool" ? c : ops.gt(c, 0.3771);
  return ops.where(pick(2) === 0 ? ops.not(condition) : condition, x, y);
};

const condition: Maker = (pool, pick) => {
  const x = choose(pool, pick, () => true);
  if (!x) return undefined;
  if (x.dtype !== "bool") return ops.lt(x, x.dtype === "int32" ? 2 : -0.1913);
  const y = choose(pool, pick, stretches(x));
  if (!y) return undefined;
  return pick(2) === 0 ? ops.and(x, y) : ops.or(x, ops.not(y));
};

const conversion: Maker = (pool, pick) => {
  const x = choose(pool, pick, () => true);
  if (!x) return undefined;
  if (floating(x) && pick(3) === 0) return ops.cast(ops.add(ops.mul(x, 7.3), 0.1234), "int32");
  const used = new Set(pool.map((t) => t.dtype));
  return ops.cast(x, used.has("float32") && pick(2) === 0 ? "float32" : "float64");
};

const join: Maker = (pool, pick) => {
  const x = choose(pool, pick, (t) => t.shape.length > 0 && small(t));
  if (!x) return undefined;
  const axis = pick(x.shape.length);
  const y = choose(
    pool,
    pick,
    (t) =>
      t.dtype === x.dtype &&
      t.shape.length === x.shape.length &&
      t.shape.every((d, i) => i === axis || d === x.shape[i]),
  );
  return y && ops.concat([x, y, ...(pick(3) === 0 ? [x] : [])], axis);
};

const rows: Maker = (pool, pick) => {
  const table = choose(pool, pick, (t) => t.shape.length > 0 && small(t));
  const at = choose(
    pool,
    pick,
    (t) => t.dtype === "int32" && !t.type.laned && sizeOf(t.shape) < 20,
  );
  return table && at && ops.gather(table, at);
};

/** xᵀ·y: a sum over rows. */
const rowProducts: Maker = (pool, pick) => {
  const x = choose(pool, pick, (t) => floating(t) && t.shape.length === 2 && small(t));
  const y =
    x &&
    choose(
      pool,
      pick,
      (t) => t.dtype === x.dtype && t.shape.length === 2 && t.shape[0] === x.shape[0] && small(t),
    );
  return y && ops.mul(ops.matmul(x, y, { transA: true }), 0.2);
};

/** A product for each matrix of a stack, with a matrix or a stack of them. */
const stackedProducts: Maker = (pool, pick) => {
  const x = choose(pool, pick, (t) => floating(t) && t.shape.length === 3 && small(t));
  const y =
    x &&
    choose(
      pool,
      pick,
      (t) =>
        t.dtype === x.dtype &&
        (t.shape.length === 2 || (t.shape.length === 3 && t.shape[0] === x.shape[0])) &&
        t.shape.at(-1) === x.shape[2],
    );
  return y && ops.mul(ops.matmul(x, y, { transB: true }), 0.2);
};

const scattered: Maker = (pool, pick) => {
  const at = choose(
    pool,
    pick,
    (t) => t.dtype === "int32" && !t.type.laned && t.shape.length === 1 && small(t),
  );
  const x = at && choose(pool, pick, (t) => floating(t) && t.shape[0] === at.shape[0] && small(t));
  return x && ops.mul(ops.scatterAdd(x, at, 3 + pick(4)), 0.5);
};

const classes: Maker = (pool, pick) => {
  const at = choose(pool, pick, (t) => t.dtype === "int32" && t.shape.length === 1 && small(t));
  return at && ops.oneHot(at, 3, "float64");
};

/** A sum over rows, stretched to all of them again. */
const rowSums: Maker = (pool, pick) => {
  const x = choose(pool, pick, (t) => floating(t) && t.shape.length > 0 && small(t));
  if (!x) return undefined;
  const mean = ops.mean(x, { axes: [0] });
  return pick(2) === 0 ? mean : ops.broadcastTo(mean, x.shape);
};

const makers: readonly Maker[] = [
  rowProducts,
  rowProducts,
  stackedProducts,
  scattered,
  classes,
  rowSums,
  rowSums,
  unary(ops.tanh),
  unary(ops.logistic),
  unary((x) => ops.exp(ops.neg(ops.abs(x)))),
  unary((x) => ops.sqrt(ops.add(ops.square(x), 0.5))),
  unary((x) => ops.sin(x)),
  unary((x) => ops.mul(ops.sub(1.5, x), 0.5)),
  binary((x, y) => ops.mul(ops.add(x, y), 0.5)),
  binary((x, y) => ops.sub(ops.mul(x, 0.5), ops.mul(y, 0.25))),
  binary((x, y) => ops.mul(x, ops.tanh(y))),
  binary((x, y) => ops.div(x, ops.add(ops.square(y), 1))),
  binary((x, y) => ops.maximum(x, y)),
  binary((x, y) => ops.minimum(ops.mul(x, 0.9), y)),
  integers(ops.add),
  integers(ops.mul),
  view((x, pick) => {
    const perm = x.shape.map((_, i) => i);
    for (let i = perm.length - 1; i > 0; i--) {
      const j = pick(i + 1);
      [perm[i], perm[j]] = [perm[j] as number, perm[i] as number];
    }
    return ops.transpose(x, perm);
  }),
  view((x) => ops.reshape(x, [-1])),
  view((x, pick) => {
    const size = sizeOf(x.shape);
    const factor = [2, 3, 4, 6].filter((f) => size % f === 0 && size > 0)[pick(3)];
    return factor ? ops.reshape(x, [factor, size / factor]) : ops.reshape(x, [1, size]);
  }),
  view((x) => ops.reshape(x, [...x.shape.filter((d) => d !== 1), 1])),
  view((x, pick) => {
    const start = x.shape.map((d) => pick(Math.min(2, d)));
    const step = x.shape.map(() => 1 + pick(2));
    return ops.slice(x, { start, step });
  }),
  view((x, pick) => ops.broadcastTo(x, [1 + pick(3), ...x.shape.map((d) => (d === 1 ? 2 : d))])),
  view((x, pick) =>
    ops.pad(x, { low: x.shape.map(() => pick(2)), interior: x.shape.map(() => pick(2)) }),
  ),
  (pool, pick) => {
    const x = choose(pool, pick, (t) => t.dtype !== "bool");
    return (
      x &&
      (floating(x)
        ? ops.mean(x, { axes: axesOf(x, pick), keepDims: pick(2) === 0 })
        : ops.sum(ops.mul(x, 0), { axes: axesOf(x, pick) }))
    );
  },
  (pool, pick) => {
    const x = choose(pool, pick, (t) => t.dtype !== "bool" && sizeOf(t.shape) > 0);
    return x && ops.max(x, { axes: axesOf(x, pick), keepDims: pick(2) === 0 });
  },
  product,
  product,
  productsSummed,
  productsSummed,
  productsSummed,
  convolution,
  convolution,
  pooling,
  choice,
  condition,
  conversion,
  join,
  rows,
  (pool, pick) => {
    const x = choose(pool, pick, floating);
    return x && ops.full(x.shape, [0, 1, 0.1, -0.5][pick(4)] as number, x.dtype);
  },
];

/** Those that a batch goes through row by row, or is summed by: most of a training step. */
const batchMakers: readonly Maker[] = [
  ...makers,
  ...[unary(ops.tanh), unary(ops.sin), unary((x) => ops.mul(x, 0.7))],
  ...[binary((x, y) => ops.mul(ops.add(x, y), 0.5)), binary((x, y) => ops.mul(x, ops.tanh(y)))],
  ...[product, product, rowProducts, rowProducts, stackedProducts, stackedProducts],
  ...[convolution, pooling, scattered, rows, classes, rowSums, rowSums],
];

export interface Built {
  readonly graph: Graph;
  /** Outputs that take over inputs. */
  readonly donate: ReadonlyMap<number, number>;
  readonly lanedOutputs: readonly boolean[];
}

function makeValues(
  xs: readonly Tensor[],
  body: readonly Instruction[],
  among: readonly Maker[],
): Tensor[] {
  const pool = [...xs];
  for (const { kind, picks } of body) {
    let used = 0;
    const pick: Pick = (n) => ((picks[used++ % picks.length] as number) + used) % n;
    const made = among[kind % among.length]?.(pool, pick);
    if (made && sizeOf(made.shape) <= 2400) pool.push(made);
  }
  return pool;
}

/** Rows that differ from lane to lane do not leave a training step. */
const meanOfLanedRows = (x: Tensor) =>
  x.type.laned && floating(x) && x.shape[0] === EXAMPLES ? ops.mean(x, { axes: [0] }) : x;

/** A sum over the examples of what was computed last. */
const lossOf = (values: readonly Tensor[]) =>
  values
    .filter((x) => floating(x) && x.shape[0] === EXAMPLES)
    .slice(-4)
    .map((x) => ops.cast(ops.mean(x), "float64"))
    .reduce((a, b) => ops.add(a, b));

/**
 * Traces the program. Donations go to inputs that fit; those that find none are dropped.
 *
 * @param batch the outputs are such as those of a training step
 */
export function build(program: RandomProgram, batch = false): Built {
  const { inputs, body, outputs, donations, derivative } = program;
  const forward = derivative === "forward" || derivative === "both";
  const reverse = derivative === "reverse" || derivative === "both";
  // No training step differentiates by its examples.
  const varies = (t: Type) => isFloat(t.dtype) && !(batch && t.shape[0] === EXAMPLES);
  const variables = inputs.flatMap((t, i) => (varies(t) ? [i] : []));
  const specs = inputs.map((type, i) => ({ name: `x${i}`, type }));
  const tangents = forward ? variables : [];
  const directions = tangents.map((i) => ({
    name: `ẋ${i}`,
    type: { ...(inputs[i] as Type), laned: true },
  }));
  const graph = traceFlat([...specs, ...directions], (all) => {
    const xs = all.slice(0, inputs.length);
    const values = makeValues(xs, body, batch ? batchMakers : makers);
    // Later values are more interesting, inputs (passed through or swapped) next.
    const chosen = outputs.map((o) =>
      o % 3 === 0
        ? (xs[o % xs.length] as Tensor)
        : (values[values.length - 1 - (o % values.length)] as Tensor),
    );
    if (batch) chosen.push(lossOf(values));
    const results = [...chosen];
    const smooth = chosen.filter(floating);
    if (reverse && smooth.length > 0) {
      const wrt = variables.map((i) => xs[i] as Tensor);
      const ones = smooth.map((y) => ops.full(y.shape, 0.7, y.dtype));
      for (const g of pullback(smooth, ones, wrt)) if (g) results.push(g);
    }
    if (forward) {
      const seeds = tangents.map((i, k) => [xs[i], all[inputs.length + k]] as [Tensor, Tensor]);
      for (const t of pushforward(results, new Map(seeds))) if (t) results.push(t);
    }
    return batch ? results.map(meanOfLanedRows) : results;
  });
  const types = graph.inputs.map((x) => x.type);
  const donate = new Map<number, number>();
  const taken = new Set<number>();
  graph.outputs.forEach(({ type: own }, o) => {
    const wanted = donations[o % donations.length];
    if (wanted === null || wanted === undefined) return;
    const fits = types.flatMap((t, i) =>
      t.dtype === own.dtype &&
      sizeOf(t.shape) === sizeOf(own.shape) &&
      (t.laned || !own.laned) &&
      !taken.has(i)
        ? [i]
        : [],
    );
    if (fits.length === 0) return;
    const donor = fits[wanted % fits.length] as number;
    taken.add(donor);
    donate.set(o, donor);
  });
  const lanedOutputs = graph.outputs.map(({ type: own }, o) => {
    const donor = donate.get(o);
    return donor === undefined ? own.laned : (types[donor] as Type).laned;
  });
  return { graph, donate, lanedOutputs };
}

export function valuesFor(graph: Graph, seed: number, lanes: number): number[][] {
  const random = new Random(seed);
  return graph.inputs.map(({ type: { dtype, shape, laned } }) =>
    Array.from({ length: sizeOf(shape) * (laned ? lanes : 1) }, () => {
      if (dtype === "bool") return random.int(0, 1);
      if (dtype === "int32") return random.int(-4, 4);
      const x = random.between(-2, 2);
      return dtype === "float32" ? Math.fround(x) : x;
    }),
  );
}

/** What the reference gives: outputs whose slot holds lanes have them. */
export function expected(
  { graph, lanedOutputs }: Built,
  values: readonly number[][],
  lanes: number,
): Float64Array[] {
  return interpret(graph, values, lanes).map((data, o) => {
    const own = graph.outputs[o]?.type;
    if (!own || own.laned || !lanedOutputs[o]) return data;
    const size = sizeOf(own.shape);
    return Float64Array.from({ length: size * lanes }, (_, i) => data[i % size] as number);
  });
}
