/** Errors name the primitive, what it got and the user's line: this file's. */
import { describe, expect, test } from "vitest";
import {
  array,
  type ErrorCode,
  GlocalError,
  grad,
  jit,
  jvp,
  ops,
  type Tensor,
} from "../../lib/index.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { pushforward } from "../../lib/transform/derivative.js";

/** The line of the caller's caller, as V8 counts them. */
function lineOfCaller(): number {
  const frame = (new Error().stack as string).split("\n")[3] as string;
  return Number(/:(\d+):\d+\)?$/.exec(frame)?.[1]);
}

/**
 * @param near how many lines above this call the offending line may stand
 */
function expectError(
  code: ErrorCode,
  parts: readonly string[],
  f: () => unknown,
  located = true,
): void {
  const line = lineOfCaller();
  let thrown: unknown;
  try {
    f();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GlocalError);
  const { code: got, message } = thrown as GlocalError;
  expect(got).toBe(code);
  for (const part of parts) expect(message).toContain(part);
  if (!located) return;
  const at = /\(at (.*):(\d+):\d+\)/.exec(message);
  expect(at?.[1], message).toMatch(/test\/transform\/errors\.test\.ts$/);
  const found = Number(at?.[2]);
  expect(found).toBeGreaterThanOrEqual(line);
  expect(found).toBeLessThanOrEqual(line + 12);
}

const [two, three] = [new Float32Array(2), new Float32Array(3)];
const matrix = (m: number, n: number) => array(new Float32Array(m * n), [m, n]);
const image = array(new Float32Array(16), [1, 4, 4, 1]);

describe("shapes that do not fit", () => {
  test("elementwise", () => {
    expectError(
      "GLOCAL_BAD_SHAPE",
      ["add", "float32[2] and float32[3]", "broadcast together"],
      () => jit((x: Tensor, y: Tensor) => ops.add(x, y))(two, three),
    );
  });

  test("matmul, with its transposes", () => {
    expectError(
      "GLOCAL_BAD_SHAPE",
      ["matmul", "float32[2,3] and float32[2,3]", "transA false, transB false"],
      () => jit((x: Tensor, y: Tensor) => ops.matmul(x, y))(matrix(2, 3), matrix(2, 3)),
    );
  });

  test("conv2d, of channels and of windows larger than the image", () => {
    expectError("GLOCAL_BAD_SHAPE", ["conv2d", "float32[1,4,4,1] and float32[2,2,3,1]"], () =>
      jit((x: Tensor, w: Tensor) => ops.conv2d(x, w))(
        image,
        array(new Float32Array(12), [2, 2, 3, 1]),
      ),
    );
    expectError("GLOCAL_BAD_SHAPE", ["conv2d", "window 5×5"], () =>
      jit((x: Tensor, w: Tensor) => ops.conv2d(x, w))(
        image,
        array(new Float32Array(25), [5, 5, 1, 1]),
      ),
    );
  });

  test("pooling of something that is no image", () => {
    expectError("GLOCAL_BAD_SHAPE", ["maxPool", "float32[2]", "[n,h,w,c]"], () =>
      jit((x: Tensor) => ops.maxPool(x))(two),
    );
  });

  test("reshape, transpose, slice, pad, concat, broadcast", () => {
    expectError("GLOCAL_BAD_SHAPE", ["reshape", "float32[3]", "[2,2]"], () =>
      jit((x: Tensor) => ops.reshape(x, [2, 2]))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["reshape", "float32[3]"], () =>
      jit((x: Tensor) => ops.reshape(x, [2, -1]))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["transpose", "permutation", "[0,0]"], () =>
      jit((x: Tensor) => ops.transpose(x, [0, 0]))(matrix(2, 2)),
    );
    expectError("GLOCAL_BAD_SHAPE", ["slice", "limit [4]"], () =>
      jit((x: Tensor) => ops.slice(x, { limit: [4] }))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["pad", "low [-1]"], () =>
      jit((x: Tensor) => ops.pad(x, { low: [-1] }))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["concat", "axis 0", "float32[2,2] and float32[2,3]"], () =>
      jit((x: Tensor, y: Tensor) => ops.concat([x, y]))(matrix(2, 2), matrix(2, 3)),
    );
    expectError("GLOCAL_BAD_SHAPE", ["broadcast", "[2]", "float32[3]"], () =>
      jit((x: Tensor) => ops.broadcastTo(x, [2]))(three),
    );
  });

  test("axes that are not there, or twice", () => {
    expectError("GLOCAL_BAD_SHAPE", ["sum", "axes [1]", "float32[3]"], () =>
      jit((x: Tensor) => ops.sum(x, { axes: [1] }))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["sum", "axes [0,0]"], () =>
      jit((x: Tensor) => ops.sum(x, { axes: [0, -1] }))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["max", "axes [3]"], () =>
      jit((x: Tensor) => ops.max(x, { axes: [3] }))(three),
    );
    expectError("GLOCAL_BAD_SHAPE", ["argmax", "float32[3]"], () =>
      jit((x: Tensor) => ops.argmax(x, 1))(three),
    );
  });

  test("the maximum of nothing", () => {
    expectError("GLOCAL_BAD_SHAPE", ["max", "not empty", "float32[0]"], () =>
      jit((x: Tensor) => ops.max(x))(new Float32Array(0)),
    );
  });
});

describe("dtypes that do not fit", () => {
  test("two dtypes in one operation", () => {
    expectError("GLOCAL_BAD_DTYPE", ["mul", "float32[2] and float64[2]"], () =>
      jit((x: Tensor, y: Tensor) => ops.mul(x, y))(two, new Float64Array(2)),
    );
  });

  test("a fraction beside integers", () => {
    expectError("GLOCAL_BAD_DTYPE", ["0.5", "int32"], () =>
      jit((x: Tensor) => ops.add(x, 0.5))(Int32Array.of(1)),
    );
  });

  test("functions of floats on integers, logic on numbers, a sum of bools", () => {
    expectError("GLOCAL_BAD_DTYPE", ["exp", "int32[1]"], () =>
      jit((x: Tensor) => ops.exp(x))(Int32Array.of(1)),
    );
    expectError("GLOCAL_BAD_DTYPE", ["and", "float32[2]"], () =>
      jit((x: Tensor) => ops.and(x, x))(two),
    );
    expectError("GLOCAL_BAD_DTYPE", ["sum", "bool[1]"], () =>
      jit((x: Tensor) => ops.sum(x))(Uint8Array.of(1)),
    );
  });

  test("an index that is not int32, a key that is no key", () => {
    expectError("GLOCAL_BAD_DTYPE", ["gather", "int32 index"], () =>
      jit((x: Tensor, i: Tensor) => ops.gather(x, i))(two, three),
    );
    expectError("GLOCAL_BAD_DTYPE", ["randomUniform", "two int32 words"], () =>
      jit((key: Tensor) => ops.uniform(key, [2]))(Int32Array.of(1, 2, 3)),
    );
  });
});

describe("derivatives that do not exist", () => {
  test("of a function that is no scalar", () => {
    expectError(
      "GLOCAL_DERIVATIVE",
      ["one floating scalar", "float32[2]", "sum or mean"],
      () => grad((x: Tensor) => ops.exp(x))(two),
      false,
    );
  });

  test("of an integer function, and by an integer argument", () => {
    expectError(
      "GLOCAL_DERIVATIVE",
      ["int32[]"],
      () => grad((x: Tensor) => ops.argmax(x))(two),
      false,
    );
    expectError(
      "GLOCAL_DERIVATIVE",
      ["floating dtype", "int32[2]", "Cast"],
      () => grad((x: Tensor) => ops.sum(x))(Int32Array.of(1, 2)),
      false,
    );
  });

  test("along tangents that are not like the primals", () => {
    expectError(
      "GLOCAL_BAD_SHAPE",
      ["tangents like the primals: float32[2]", "float32[3]"],
      () => jvp((x: Tensor) => x)([two], [three]),
      false,
    );
  });
});

test("two laned directions at once", () => {
  const spec = (name: string) => ({
    name,
    type: { dtype: "float32", shape: [2], laned: true } as const,
  });
  const shared = { name: "x", type: { dtype: "float32", shape: [2], laned: false } as const };
  expectError("GLOCAL_LANES", ["a laned mul", "plain jvp"], () =>
    traceFlat([shared, spec("u"), spec("v")], ([x, u, v]) => {
      const y = ops.mul(x as Tensor, u as Tensor);
      return [pushforward([y], new Map([[x as Tensor, v as Tensor]]))[0] as Tensor];
    }),
  );
});

test("an index or a key that differs between lanes", () => {
  const laned = (shape: number[]) => ({
    name: "x",
    type: { dtype: "int32", shape, laned: true } as const,
  });
  expectError("GLOCAL_LANES", ["gather", "all lanes share"], () =>
    traceFlat([laned([2])], ([index]) => [ops.gather(ops.zeros([3]), index as Tensor)]),
  );
  expectError("GLOCAL_LANES", ["randomUniform", "all lanes share"], () =>
    traceFlat([laned([2])], ([key]) => [ops.uniform(key as Tensor, [1])]),
  );
});
