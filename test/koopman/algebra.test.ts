/** Every operation of every algebra against loops that are written out here. */

import { describe, expect, test } from "vitest";
import type { HostMatrix } from "../../lib/koopman/linalg/algebra.js";
import { complexMatrix, realMatrix } from "../../lib/koopman/linalg/host-matrix.js";
import { lapack, reorderSchur, schur, sylvester } from "../../lib/koopman/linalg/lapack.js";
import { noise } from "../hyper/support.js";
import { algebraOf, type Complex, libraries } from "./support.js";

function random(rows: number, columns: number, seed: number, complex = false): HostMatrix {
  const data = new Float64Array(rows * columns * (complex ? 2 : 1)).map(noise(seed));
  return complex ? complexMatrix(data, rows, columns) : realMatrix(data, rows, columns);
}

function entry({ data, rows, complex }: HostMatrix, i: number, j: number): Complex {
  const at = j * rows + i;
  return complex ? [data[2 * at] as number, data[2 * at + 1] as number] : [data[at] as number, 0];
}

function table(rows: number, columns: number, value: (i: number, j: number) => Complex) {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (__, j) => value(i, j)),
  );
}

const entries = (a: HostMatrix) => table(a.rows, a.columns, (i, j) => entry(a, i, j));

const adjoint = (a: Complex[][]) =>
  table(a[0]?.length ?? 0, a.length, (i, j) => {
    const [re, im] = (a[j] as Complex[])[i] as Complex;
    return [re, -im];
  });

function product(a: Complex[][], b: Complex[][]): Complex[][] {
  return table(a.length, b[0]?.length ?? 0, (i, j) =>
    (a[i] as Complex[]).reduce<Complex>(
      ([re, im], [x, y], k) => {
        const [u, v] = (b[k] as Complex[])[j] as Complex;
        return [re + x * u - y * v, im + x * v + y * u];
      },
      [0, 0],
    ),
  );
}

const diagonal = (values: ArrayLike<number>) =>
  table(values.length, values.length, (i, j) => [i === j ? (values[i] as number) : 0, 0]);

function expectClose(found: Complex[][], expected: Complex[][], tolerance = 1e-12) {
  expect([found.length, found[0]?.length]).toEqual([expected.length, expected[0]?.length]);
  const [a, b] = [found.flat(2), expected.flat(2)];
  const worst = a.reduce((most, value, k) => Math.max(most, Math.abs(value - (b[k] as number))), 0);
  expect(worst).toBeLessThan(tolerance);
}

const expectOrthonormal = (a: HostMatrix) =>
  expectClose(
    product(adjoint(entries(a)), entries(a)),
    diagonal(new Float64Array(a.columns).fill(1)),
  );

describe.each(libraries)("%s", (library) => {
  const algebra = algebraOf(library);
  const shapes = [
    [1, 1],
    [6, 6],
    [12, 5],
    [5, 12],
    [300, 4],
  ] as const;

  describe.each([false, true])("rearranges, complex %s", (complex) => {
    const host = random(5, 7, 1, complex);
    const matrix = algebra.upload(host);
    const given = entries(host);

    test("there and back", () => {
      expect({ ...algebra.download(matrix) }).toEqual(host);
      const { rows, columns } = matrix;
      expect([rows, columns, matrix.complex]).toEqual([5, 7, complex]);
    });

    test("columns, also of a part", () => {
      const part = algebra.columns(matrix, 2, 6);
      const expected = table(5, 4, (i, j) => entry(host, i, j + 2));
      expect(entries(algebra.download(part))).toEqual(expected);
      const again = algebra.columns(part, 1, 3);
      expect(entries(algebra.download(again))).toEqual(
        table(5, 2, (i, j) => entry(host, i, j + 3)),
      );
    });

    test("no columns", () => {
      const none = algebra.columns(matrix, 3, 3);
      expect(none.columns).toBe(0);
      expect(algebra.download(none).data).toHaveLength(0);
    });

    test("picked columns", () => {
      const picked = algebra.pickColumns(algebra.columns(matrix, 0, 7), [6, 0, 0, 3]);
      const expected = table(5, 4, (i, j) => entry(host, i, [6, 0, 0, 3][j] as number));
      expect(entries(algebra.download(picked))).toEqual(expected);
    });

    test("stacked columns, the earliest on top", () => {
      const stacked = algebra.stackColumns(algebra.columns(matrix, 1, 6), 3);
      const expected = table(15, 3, (i, j) => entry(host, i % 5, j + 1 + Math.floor(i / 5)));
      expect(entries(algebra.download(stacked))).toEqual(expected);
    });

    test("divided columns", () => {
      const divisors = Float64Array.of(2, 4, -8, 1, 0.5, 2, 2, 99);
      const divided = algebra.divideColumns(matrix, divisors);
      const expected = given.map((row) =>
        row.map(
          ([re, im], j): Complex => [re / (divisors[j] as number), im / (divisors[j] as number)],
        ),
      );
      expectClose(entries(algebra.download(divided)), expected, 1e-300);
    });
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("products, complex %s and %s", (left, right) => {
    const [a, b] = [random(9, 6, 2, left), random(6, 4, 3, right)];
    const plain = algebra.download(algebra.multiply(algebra.upload(a), algebra.upload(b)));
    expect(plain.complex).toBe(left || right);
    expectClose(entries(plain), product(entries(a), entries(b)));

    const [part, c] = [algebra.columns(algebra.upload(a), 1, 5), random(9, 5, 4, right)];
    const turned = algebra.download(algebra.multiplyAdjoint(part, algebra.upload(c)));
    const own = entries(a).map((row) => row.slice(1, 5));
    expectClose(entries(turned), product(adjoint(own), entries(c)));
  });

  test.each(shapes)("QR of %i × %i", (rows, columns) => {
    const host = random(rows, columns, 5);
    const { basis, coordinates } = algebra.qr(algebra.upload(host));
    const [q, r] = [algebra.download(basis), algebra.download(coordinates)];
    expectOrthonormal(q);
    expectClose(product(entries(q), entries(r)), entries(host));
    for (let i = 0; i < r.rows; i++)
      for (let j = 0; j < Math.min(i, r.columns); j++) expect(entry(r, i, j)[0]).toBe(0);
  });

  test.each(shapes)("SVD of %i × %i", (rows, columns) => {
    const host = random(rows, columns, 6);
    const given = algebra.upload(host);
    const { left, singularValues, right } = algebra.svd(given);
    const [u, v] = [algebra.download(left), algebra.download(right)];
    expectOrthonormal(u);
    expectOrthonormal(v);
    expect([...singularValues].sort((a, b) => b - a)).toEqual([...singularValues]);
    const restored = product(product(entries(u), diagonal(singularValues)), adjoint(entries(v)));
    expectClose(restored, entries(host));
    expect(entries(algebra.download(given))).toEqual(entries(host));
  });

  test("SVD of a part of a matrix", () => {
    const host = random(8, 8, 7);
    const part = algebra.columns(algebra.upload(host), 3, 7);
    const { left, singularValues, right } = algebra.svd(part);
    const [u, v] = [entries(algebra.download(left)), entries(algebra.download(right))];
    const restored = product(product(u, diagonal(singularValues)), adjoint(v));
    expectClose(
      restored,
      table(8, 4, (i, j) => entry(host, i, j + 3)),
    );
  });

  test.each([1, 2, 5, 12, 33])("eigenvectors of order %i", (order) => {
    const host = random(order, order, 8);
    const { values, vectors } = algebra.eigen(algebra.upload(host));
    const w = algebra.download(vectors);
    const scaled = entries(w).map((row) =>
      row.map(([re, im], j): Complex => {
        const [a, b] = [values[2 * j] as number, values[2 * j + 1] as number];
        return [re * a - im * b, re * b + im * a];
      }),
    );
    expectClose(product(entries(host), entries(w)), scaled, 1e-11);
    for (let j = 0; j < order; j++) {
      const column = entries(w).map((row) => row[j] as Complex);
      expect(Math.hypot(...column.flat())).toBeCloseTo(1, 12);
    }
  });

  test.each([
    [6, 6],
    [12, 3],
    [3, 12],
  ])("least squares of %i × %i: the residual is orthogonal to the columns", (rows, columns) => {
    const [a, b] = [random(rows, columns, 9, true), random(rows, 2, 10, true)];
    const x = algebra.leastSquares(algebra.upload(a), algebra.upload(b), 1e-13);
    const fitted = product(entries(a), entries(algebra.download(x)));
    const residual = fitted.map((row, i) =>
      row.map(([re, im], j): Complex => [re - entry(b, i, j)[0], im - entry(b, i, j)[1]]),
    );
    const none = table(columns, 2, () => [0, 0]);
    expectClose(product(adjoint(entries(a)), residual), none, 1e-11);
  });

  test("least squares gives the shortest of many solutions, of real numbers too", () => {
    const a = algebra.upload(realMatrix(Float64Array.of(3, 4), 1, 2));
    const b = algebra.upload(realMatrix(Float64Array.of(25), 1, 1));
    const x = algebra.download(algebra.leastSquares(a, b, 1e-13));
    expectClose(entries(x), [[[3, 0]], [[4, 0]]], 1e-13);
  });

  test("least squares counts singular values up to the cutoff as zero", () => {
    const a = algebra.upload(realMatrix(Float64Array.of(1, 0, 0, 1e-9), 2, 2));
    const b = algebra.upload(realMatrix(Float64Array.of(1, 1), 2, 1));
    expectClose(entries(algebra.download(algebra.leastSquares(a, b, 1e-6))), [[[1, 0]], [[0, 0]]]);
    const kept = algebra.download(algebra.leastSquares(a, b, 1e-12));
    expect(entry(kept, 1, 0)[0]).toBeCloseTo(1e9, -1);
  });

  test("what leaves float64 is refused with a code", () => {
    const overflow = { code: "GLOCAL_LINALG" };
    const bad = algebra.divideColumns(
      algebra.upload(realMatrix(Float64Array.of(1, 0, 0, 1), 2, 2)),
      Float64Array.of(0, 1),
    );
    expect(() => algebra.eigen(bad)).toThrow(expect.objectContaining(overflow));
    expect(() => algebra.leastSquares(bad, bad, 1e-13)).toThrow(expect.objectContaining(overflow));
  });
});

describe("what LAPACK does besides", () => {
  const shapesOf = [
    [7, 4],
    [4, 7],
    [5, 5],
  ] as const;

  test.each(shapesOf)("complex QR and SVD of %i × %i", (rows, columns) => {
    const host = random(rows, columns, 11, true);
    const { basis, coordinates } = lapack.qr(host);
    expectOrthonormal(basis);
    expectClose(product(entries(basis), entries(coordinates)), entries(host));
    const { left, singularValues, right } = lapack.svd(host);
    expectOrthonormal(left);
    expectOrthonormal(right);
    const scaled = product(entries(left), diagonal(singularValues));
    expectClose(product(scaled, adjoint(entries(right))), entries(host));
  });

  test("eigenvectors of a complex matrix", () => {
    const host = random(6, 6, 12, true);
    const { values, vectors } = lapack.eigen(host);
    const spectrum = table(6, 6, (i, j) =>
      i === j ? [values[2 * i] as number, values[2 * i + 1] as number] : [0, 0],
    );
    expectClose(
      product(entries(host), entries(vectors)),
      product(entries(vectors), spectrum),
      1e-11,
    );
  });

  test("the Schur form, in any order", () => {
    const host = random(6, 6, 13);
    const found = schur(host);
    const order = [4, 0, 5, 1, 3, 2];
    const sorted = reorderSchur(found, order);
    for (const { triangle, vectors } of [found, sorted]) {
      expectOrthonormal(vectors);
      const restored = product(
        product(entries(vectors), entries(triangle)),
        adjoint(entries(vectors)),
      );
      expectClose(restored, entries(host), 1e-11);
      for (let i = 0; i < 6; i++)
        for (let j = 0; j < i; j++) expect(entry(triangle, i, j)).toEqual([0, 0]);
    }
    const onDiagonal = ({ triangle }: typeof found) => order.map((_, k) => entry(triangle, k, k));
    expectClose([onDiagonal(sorted)], [order.map((k) => onDiagonal(found)[k] as Complex)], 1e-10);
  });

  test("Sylvester equations", () => {
    const [a, b] = [schur(random(3, 3, 14)).triangle, schur(random(4, 4, 15)).triangle];
    const c = random(3, 4, 16, true);
    const x = entries(sylvester(a, b, c));
    const [first, second] = [product(entries(a), x), product(x, entries(b))];
    const difference = table(3, 4, (i, j) => {
      const [p, q] = [
        (first[i] as Complex[])[j] as Complex,
        (second[i] as Complex[])[j] as Complex,
      ];
      return [p[0] - q[0], p[1] - q[1]];
    });
    expectClose(difference, entries(c), 1e-11);
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("long products go through BLAS, complex %s and %s", (left, right) => {
    const [a, b] = [random(300, 30, 17, left), random(30, 9, 18, right)];
    expectClose(entries(lapack.multiply(a, b)), product(entries(a), entries(b)));
    const tall = random(300, 9, 19, right);
    expectClose(
      entries(lapack.multiplyAdjoint(a, tall)),
      product(adjoint(entries(a)), entries(tall)),
    );
  });
});
