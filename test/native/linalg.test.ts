import { describe, expect, it } from "vitest";
import { loadAddon } from "../../lib/native/load.js";
import { Random } from "./structured_case.js";

const { linalg } = loadAddon();

/** A column-major matrix of random numbers; complex ones are interleaved. */
function matrix(random: Random, length: number): Float64Array {
  return Float64Array.from({ length }, () => random.next() * 2 - 1);
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((m, v, i) => Math.max(m, Math.abs(v - (b[i] as number))), 0);

describe("svd", () => {
  it.each([
    [1, 1],
    [7, 7],
    [20, 6],
    [6, 20],
    [300, 4],
  ])("restores a matrix of %i × %i from orthonormal factors", (m, n) => {
    const a = matrix(new Random(m + n), m * n);
    const { u, s, vt } = linalg.svd(a, m, n);
    const k = Math.min(m, n);
    expect([u.length, s.length, vt.length]).toEqual([m * k, k, k * n]);
    const restored = new Float64Array(m * n);
    for (let j = 0; j < n; j++)
      for (let i = 0; i < m; i++)
        for (let t = 0; t < k; t++) restored[j * m + i]! += u[t * m + i]! * s[t]! * vt[j * k + t]!;
    expect(distance(restored, a)).toBeLessThan(1e-13);
    for (let p = 0; p < k; p++) {
      expect(s[p]).toBeLessThanOrEqual(s[p - 1] ?? Number.POSITIVE_INFINITY);
      for (let q = 0; q < k; q++) {
        let inU = 0;
        let inV = 0;
        for (let i = 0; i < m; i++) inU += u[p * m + i]! * u[q * m + i]!;
        for (let j = 0; j < n; j++) inV += vt[j * k + p]! * vt[j * k + q]!;
        expect(inU).toBeCloseTo(p === q ? 1 : 0, 12);
        expect(inV).toBeCloseTo(p === q ? 1 : 0, 12);
      }
    }
  });

  it("leaves its argument as it was and accepts an empty matrix", () => {
    const a = Float64Array.of(1, 2, 3, 4);
    linalg.svd(a, 2, 2);
    expect(Array.from(a)).toEqual([1, 2, 3, 4]);
    expect(linalg.svd(new Float64Array(0), 0, 3)).toEqual({
      u: new Float64Array(0),
      s: new Float64Array(0),
      vt: new Float64Array(0),
    });
  });
});

describe("qr", () => {
  it.each([
    [1, 1],
    [7, 7],
    [20, 6],
    [6, 20],
    [300, 4],
  ])("restores a matrix of %i × %i from an orthonormal and a triangular factor", (m, n) => {
    const a = matrix(new Random(m + n), m * n);
    const given = a.slice();
    const { q, r } = linalg.qr(a, m, n);
    expect(a).toEqual(given);
    const k = Math.min(m, n);
    expect([q.length, r.length]).toEqual([m * k, k * n]);
    const restored = new Float64Array(m * n);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < m; i++)
        for (let t = 0; t < k; t++) restored[j * m + i]! += q[t * m + i]! * r[j * k + t]!;
      for (let t = j + 1; t < k; t++) expect(r[j * k + t]).toBe(0);
    }
    expect(distance(restored, a)).toBeLessThan(1e-13);
    for (let p = 0; p < k; p++)
      for (let s = 0; s < k; s++) {
        let inner = 0;
        for (let i = 0; i < m; i++) inner += q[p * m + i]! * q[s * m + i]!;
        expect(inner).toBeCloseTo(p === s ? 1 : 0, 12);
      }
  });

  it("accepts an empty matrix", () => {
    const none = new Float64Array(0);
    expect(linalg.qr(none, 0, 3)).toEqual({ q: none, r: none });
  });
});

describe("eig", () => {
  it.each([1, 2, 5, 16, 41])("A·v = λ·v for a random matrix of order %i", (n) => {
    const a = matrix(new Random(n), n * n);
    const { values, vectors } = linalg.eig(a, n);
    for (let j = 0; j < n; j++) {
      const [re, im] = [values[2 * j]!, values[2 * j + 1]!];
      const v = vectors.subarray(2 * j * n, 2 * (j + 1) * n);
      const left = new Float64Array(2 * n);
      const right = new Float64Array(2 * n);
      for (let i = 0; i < n; i++) {
        for (let t = 0; t < n; t++) {
          left[2 * i]! += a[t * n + i]! * v[2 * t]!;
          left[2 * i + 1]! += a[t * n + i]! * v[2 * t + 1]!;
        }
        right[2 * i] = re * v[2 * i]! - im * v[2 * i + 1]!;
        right[2 * i + 1] = re * v[2 * i + 1]! + im * v[2 * i]!;
      }
      expect(distance(left, right)).toBeLessThan(1e-12);
      expect(v.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 12);
    }
  });

  it("gives the eigenvalues ±i of a rotation as a conjugate pair", () => {
    const { values } = linalg.eig(Float64Array.of(0, 1, -1, 0), 2);
    expect(distance(values, [0, 1, 0, -1])).toBeLessThan(1e-15);
  });
});

describe("lstsqComplex", () => {
  it.each([
    [4, 4],
    [12, 3],
    [3, 12],
  ])("makes the residual of a %i × %i system orthogonal to the columns", (m, n) => {
    const random = new Random(m * n);
    const a = matrix(random, 2 * m * n);
    const b = matrix(random, 2 * m);
    const x = linalg.lstsqComplex(a, m, n, b, 1e-12);
    expect(x.length).toBe(2 * n);
    const residual = b.slice();
    for (let j = 0; j < n; j++)
      for (let i = 0; i < m; i++) {
        const [re, im] = [a[2 * (j * m + i)]!, a[2 * (j * m + i) + 1]!];
        residual[2 * i]! -= re * x[2 * j]! - im * x[2 * j + 1]!;
        residual[2 * i + 1]! -= re * x[2 * j + 1]! + im * x[2 * j]!;
      }
    for (let j = 0; j < n; j++) {
      let [sumRe, sumIm] = [0, 0];
      for (let i = 0; i < m; i++) {
        const [re, im] = [a[2 * (j * m + i)]!, a[2 * (j * m + i) + 1]!];
        sumRe += re * residual[2 * i]! + im * residual[2 * i + 1]!;
        sumIm += re * residual[2 * i + 1]! - im * residual[2 * i]!;
      }
      expect(Math.hypot(sumRe, sumIm)).toBeLessThan(1e-12);
    }
  });

  it("gives the shortest solution where many exist", () => {
    const x = linalg.lstsqComplex(Float64Array.of(1, 0, 0, 1), 1, 2, Float64Array.of(2, 0), 1e-12);
    expect(distance(x, [1, 0, 0, -1])).toBeLessThan(1e-14);
  });

  it("counts singular values below rcond as zero", () => {
    const a = Float64Array.of(1, 0, 0, 0, 0, 0, 1e-9, 0);
    const b = Float64Array.of(1, 0, 1, 0);
    expect(distance(linalg.lstsqComplex(a, 2, 2, b, 1e-6), [1, 0, 0, 0])).toBeLessThan(1e-14);
    expect(linalg.lstsqComplex(a, 2, 2, b, 1e-12)[2]).toBeCloseTo(1e9, -1);
  });
});

describe("arguments", () => {
  it.each([
    [
      "too few elements",
      () => linalg.svd(Float64Array.of(1), 2, 2),
      /Expected a to have 4 elements but received 1/,
    ],
    [
      "a NaN",
      () => linalg.eig(Float64Array.of(Number.NaN), 1),
      /finite numbers but received NaN at element 0/,
    ],
    [
      "an infinity",
      () => linalg.svd(Float64Array.of(0, -Infinity), 1, 2),
      /but received -Infinity at element 1/,
    ],
    [
      "a size that is no integer",
      () => linalg.eig(Float64Array.of(1), 0.5),
      /Expected n to be an integer/,
    ],
    [
      "a negative size",
      () => linalg.svd(Float64Array.of(1), -1, -1),
      /Expected m to be an integer/,
    ],
    [
      "another array",
      () => linalg.eig(new Float32Array(1) as never, 1),
      /Expected a to be a Float64Array/,
    ],
    [
      "no rcond",
      () =>
        linalg.lstsqComplex(Float64Array.of(1, 0), 1, 1, Float64Array.of(1, 0), undefined as never),
      /Expected rcond to be a finite number but received undefined/,
    ],
  ] as const)("%s is refused", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
