import { describe, expect, it } from "vitest";
import type { FloatDType } from "../../lib/ir/types.js";
import type { PoolStep, Window2d } from "../../lib/lower/program.js";
import { expectStep, type Floats, Random, slot } from "./structured_case.js";

type Kind = PoolStep["op"];
const KINDS: readonly Kind[] = [
  "avgPool",
  "avgPoolGrad",
  "maxPool",
  "maxPoolGrad",
  "maxPoolTangent",
];

/** Calls `visit` for each result, with the indices of the pixels in its window. */
function forEachWindow(g: Window2d, visit: (y: number, xs: readonly number[]) => void): void {
  for (let n = 0; n < g.n; n++)
    for (let oh = 0; oh < g.oh; oh++)
      for (let ow = 0; ow < g.ow; ow++)
        for (let c = 0; c < g.c; c++) {
          const xs: number[] = [];
          for (let i = 0; i < g.kh; i++)
            for (let j = 0; j < g.kw; j++) {
              const h = oh * g.strideH + i - g.padTop;
              const w = ow * g.strideW + j - g.padLeft;
              if (h < 0 || h >= g.h || w < 0 || w >= g.w) continue;
              xs.push(((n * g.h + h) * g.w + w) * g.c + c);
            }
          visit(((n * g.oh + oh) * g.ow + ow) * g.c + c, xs);
        }
}

/** Adds the result of one lane, written plainly, to zeros. */
function reference(kind: Kind, g: Window2d, a: Floats, b: Floats, out: Float64Array): void {
  const area = g.kh * g.kw;
  forEachWindow(g, (y, xs) => {
    const at = (x: number) => a[x] as number;
    if (kind === "avgPool") out[y] = xs.reduce((sum, x) => sum + at(x), 0) / area;
    else if (kind === "avgPoolGrad") {
      for (const x of xs) (out[x] as number) += at(y) / area;
    } else {
      let best = xs[0];
      for (const x of xs) {
        const greatest = at(best as number);
        if (at(x) > greatest || (Number.isNaN(at(x)) && !Number.isNaN(greatest))) best = x;
      }
      if (kind === "maxPool") out[y] = best === undefined ? Number.NEGATIVE_INFINITY : at(best);
      else if (best === undefined) return;
      else if (kind === "maxPoolGrad") (out[best] as number) += b[y] as number;
      else out[y] = b[best] as number;
    }
  });
}

interface Case {
  readonly kind: Kind;
  readonly dtype: FloatDType;
  readonly window: Window2d;
  readonly lanes: number;
  readonly lanedA: boolean;
  readonly lanedB: boolean;
}

function check(random: Random, c: Case, spoil: (a: Floats) => void = () => {}): void {
  const g = c.window;
  const full = g.n * g.h * g.w * g.c;
  const pooled = g.n * g.oh * g.ow * g.c;
  const sizes: Record<Kind, readonly [number, number, number]> = {
    avgPool: [full, 0, pooled],
    avgPoolGrad: [pooled, 0, full],
    maxPool: [full, 0, pooled],
    maxPoolGrad: [full, pooled, full],
    maxPoolTangent: [full, full, pooled],
  };
  const [a, b, out] = sizes[c.kind];
  const hasB = b > 0;
  const first = random.floats(c.dtype, a * (c.lanedA ? c.lanes : 1));
  const second = random.floats(c.dtype, b * (c.lanedB ? c.lanes : 1));
  // Few distinct values, so that windows have ties.
  if (c.kind !== "avgPoolGrad") first.set(first.map(Math.round));
  spoil(first);
  const outStride = out + 5;
  const before = random.floats(c.dtype, outStride * c.lanes);
  const expected = Float64Array.from(before);
  for (let lane = 0; lane < c.lanes; lane++) {
    const lanes = expected.subarray(lane * outStride, lane * outStride + out).fill(0);
    const fromA = c.lanedA ? lane * a : 0;
    const fromB = c.lanedB ? lane * b : 0;
    reference(c.kind, g, first.subarray(fromA), second.subarray(fromB), lanes);
  }
  const step: PoolStep = {
    ...{ op: c.kind, dtype: c.dtype, window: g, lanes: c.lanes },
    a: { ref: slot(0), laneStride: c.lanedA ? a : 0 },
    ...(hasB ? { b: { ref: slot(1), laneStride: c.lanedB ? b : 0 } } : {}),
    out: { ref: slot(hasB ? 2 : 1), laneStride: outStride },
  };
  const operands = hasB ? [first, second, before] : [first, before];
  expectStep(step, c.dtype, operands, expected, JSON.stringify(c));
}

function randomWindow(random: Random): Window2d {
  const kh = random.int(1, 3);
  const kw = random.int(1, 3);
  const strideH = random.int(1, 3);
  const strideW = random.int(1, 3);
  const padTop = random.int(0, kh - 1);
  const padLeft = random.int(0, kw - 1);
  const h = random.int(kh, 9);
  const w = random.int(kw, 9);
  const c = random.int(1, 40);
  return {
    ...{ n: random.int(1, 4), h, w, c, o: c, kh, kw, strideH, strideW, padTop, padLeft },
    oh: Math.floor((h + padTop - kh) / strideH) + 1,
    ow: Math.floor((w + padLeft - kw) / strideW) + 1,
  };
}

const HALVING: Window2d = {
  ...{ n: 32, h: 24, w: 24, c: 16, o: 16, kh: 2, kw: 2, strideH: 2, strideW: 2 },
  ...{ padTop: 0, padLeft: 0, oh: 12, ow: 12 },
};

describe.each(KINDS)("%s", (kind) => {
  it.each(["float32", "float64"] as const)("random windows with ties, %s", (dtype) => {
    const random = new Random(KINDS.indexOf(kind) + 20);
    for (let i = 0; i < 60; i++) {
      check(random, {
        ...{ kind, dtype, window: randomWindow(random), lanes: random.int(1, 3) },
        ...{ lanedA: random.flag(), lanedB: random.flag() },
      });
    }
  });

  it("halves the images of LeNet", () => {
    const random = new Random(8);
    for (const lanedA of [false, true]) {
      check(random, {
        ...{ kind, dtype: "float32", window: HALVING, lanes: 3, lanedA, lanedB: true },
      });
    }
  });
});

describe("a NaN in a window of maxPool", () => {
  it.each(["maxPool", "maxPoolGrad", "maxPoolTangent"] as const)("is its maximum: %s", (kind) => {
    const random = new Random(9);
    expect(HALVING.c).toBe(16);
    for (let i = 0; i < 10; i++) {
      check(
        random,
        {
          ...{ kind, dtype: "float32", window: randomWindow(random), lanes: 1 },
          ...{ lanedA: false, lanedB: false },
        },
        (a) => {
          for (let k = 0; k < 3; k++) a[random.int(0, a.length - 1)] = Number.NaN;
        },
      );
    }
  });
});
