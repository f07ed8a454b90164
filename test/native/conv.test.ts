import { describe, expect, it } from "vitest";
import type { FloatDType } from "../../lib/ir/types.js";
import type { ConvStep, Window2d } from "../../lib/lower/program.js";
import { expectStep, type Floats, Random, slot } from "./structured_case.js";

type Kind = ConvStep["op"];
const KINDS: readonly Kind[] = ["conv2d", "conv2dInputGrad", "conv2dFilterGrad"];

function sizes(w: Window2d): { x: number; w: number; y: number } {
  return { x: w.n * w.h * w.w * w.c, w: w.kh * w.kw * w.c * w.o, y: w.n * w.oh * w.ow * w.o };
}

/** Part of a flat array, from where one lane begins. */
interface Lane {
  readonly data: Floats;
  readonly at: number;
}

/** Adds the convolution of one lane to `out`, written plainly. */
function reference(kind: Kind, g: Window2d, a: Lane, b: Lane, out: Lane): void {
  const add = (k: number, i: number, j: number) => {
    (out.data[out.at + k] as number) += (a.data[a.at + i] as number) * (b.data[b.at + j] as number);
  };
  for (let n = 0; n < g.n; n++)
    for (let oh = 0; oh < g.oh; oh++)
      for (let ow = 0; ow < g.ow; ow++)
        for (let i = 0; i < g.kh; i++)
          for (let j = 0; j < g.kw; j++) {
            const h = oh * g.strideH + i - g.padTop;
            const w = ow * g.strideW + j - g.padLeft;
            if (h < 0 || h >= g.h || w < 0 || w >= g.w) continue;
            for (let c = 0; c < g.c; c++) {
              const xAt = ((n * g.h + h) * g.w + w) * g.c + c;
              const wAt = ((i * g.kw + j) * g.c + c) * g.o;
              const yAt = ((n * g.oh + oh) * g.ow + ow) * g.o;
              for (let o = 0; o < g.o; o++) {
                if (kind === "conv2d") add(yAt + o, xAt, wAt + o);
                else if (kind === "conv2dInputGrad") add(xAt, yAt + o, wAt + o);
                else add(wAt + o, xAt, yAt + o);
              }
            }
          }
}

interface Case {
  readonly kind: Kind;
  readonly dtype: FloatDType;
  readonly window: Window2d;
  readonly lanes: number;
  readonly lanedA: boolean;
  readonly lanedB: boolean;
  readonly accumulate: boolean;
}

function check(random: Random, c: Case): void {
  const size = sizes(c.window);
  const [a, b, out] = {
    conv2d: [size.x, size.w, size.y],
    conv2dInputGrad: [size.y, size.w, size.x],
    conv2dFilterGrad: [size.x, size.y, size.w],
  }[c.kind] as [number, number, number];
  // A gap after each lane of the output must stay as it was.
  const outStride = out + 3;
  const left = random.floats(c.dtype, a * (c.lanedA ? c.lanes : 1));
  const right = random.floats(c.dtype, b * (c.lanedB ? c.lanes : 1));
  const before = random.floats(c.dtype, outStride * c.lanes);
  const expected = Float64Array.from(before);
  for (let lane = 0; lane < c.lanes; lane++) {
    const to = lane * outStride;
    if (!c.accumulate) expected.fill(0, to, to + out);
    reference(
      c.kind,
      c.window,
      { data: left, at: c.lanedA ? lane * a : 0 },
      { data: right, at: c.lanedB ? lane * b : 0 },
      { data: expected, at: to },
    );
  }
  const step: ConvStep = {
    op: c.kind,
    dtype: c.dtype,
    window: c.window,
    lanes: c.lanes,
    accumulate: c.accumulate,
    a: { ref: slot(0), laneStride: c.lanedA ? a : 0 },
    b: { ref: slot(1), laneStride: c.lanedB ? b : 0 },
    out: { ref: slot(2), laneStride: outStride },
  };
  expectStep(step, c.dtype, [left, right, before], expected, JSON.stringify(c));
}

function geometry(g: Omit<Window2d, "oh" | "ow">, padBottom: number, padRight: number): Window2d {
  return {
    ...g,
    oh: Math.floor((g.h + g.padTop + padBottom - g.kh) / g.strideH) + 1,
    ow: Math.floor((g.w + g.padLeft + padRight - g.kw) / g.strideW) + 1,
  };
}

function randomGeometry(random: Random, wide: boolean): Window2d {
  const kh = random.int(1, 5);
  const kw = random.int(1, 5);
  const [padTop, padLeft, padBottom, padRight] = [kh, kw, kh, kw].map((k) => random.int(0, k)) as [
    number,
    number,
    number,
    number,
  ];
  return geometry(
    {
      n: random.int(1, 4),
      h: random.int(Math.max(1, kh - padTop - padBottom), 12),
      w: random.int(Math.max(1, kw - padLeft - padRight), 18),
      c: random.int(1, wide ? 20 : 5),
      kh,
      kw,
      o: wide ? 8 * random.int(1, 7) : random.int(1, 19),
      strideH: random.int(1, 3),
      strideW: random.int(1, 3),
      padTop,
      padLeft,
    },
    padBottom,
    padRight,
  );
}

/** Square images and kernels of stride and padding alike: the layers that networks have. */
function layer(n: number, size: number, c: number, o: number, k: number, stride = 1, pad = 0) {
  return geometry(
    {
      ...{ n, h: size, w: size, c, kh: k, kw: k, o },
      ...{ strideH: stride, strideW: stride, padTop: pad, padLeft: pad },
    },
    pad,
    pad,
  );
}

describe.each(KINDS)("%s", (kind) => {
  it.each(["float32", "float64"] as const)("random geometries, %s", (dtype) => {
    const random = new Random(KINDS.indexOf(kind) + 10);
    for (let i = 0; i < 60; i++) {
      check(random, {
        kind,
        dtype,
        window: randomGeometry(random, i % 4 === 0),
        lanes: random.int(1, 4),
        lanedA: random.flag(),
        lanedB: random.flag(),
        accumulate: random.flag(),
      });
    }
  });

  it.each([
    ["LeNet, first", layer(8, 28, 1, 16, 5)],
    ["LeNet, second", layer(8, 12, 16, 16, 5)],
    ["residual", layer(2, 16, 32, 32, 3, 1, 1)],
    ["residual, halving", layer(2, 16, 32, 64, 3, 2, 1)],
    ["shortcut", layer(8, 16, 16, 32, 1, 2)],
    ["no padding, an odd number of images", layer(5, 10, 7, 19, 3)],
    ["no padding, wide", layer(3, 14, 20, 9, 5)],
    ["tall", geometry({ ...layer(2, 9, 3, 16, 3), h: 200 }, 0, 0)],
  ] as const)("%s, each operand laned in turn", (_, window) => {
    const random = new Random(3);
    for (const [lanedA, lanedB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      check(random, {
        ...{ kind, dtype: "float32", window, lanes: lanedA || lanedB ? 3 : 1 },
        ...{ lanedA, lanedB, accumulate: lanedA },
      });
    }
  });
});

it("sums partial filter gradients of a big batch in one order", () => {
  const random = new Random(5);
  const window = layer(96, 12, 16, 16, 5);
  expect(window.oh).toBe(8);
  check(random, {
    ...{ kind: "conv2dFilterGrad", dtype: "float32", window, lanes: 1 },
    ...{ lanedA: false, lanedB: false, accumulate: true },
  });
});
