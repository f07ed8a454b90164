/** Means and deviations over trials, against what their definition says. */

import { expect, test } from "vitest";
import type { HostMatrix } from "../../lib/koopman/linalg/algebra.js";
import { multiply } from "../../lib/koopman/linalg/host-matrix.js";
import { lapack } from "../../lib/koopman/linalg/lapack.js";
import { deviationOf, meanMatrix } from "../../lib/koopman/variants/trials.js";
import { normal } from "./signals.js";
import { relativeError } from "./support.js";

function random(rows: number, columns: number, complex: boolean, draw: () => number): HostMatrix {
  const data = Float64Array.from({ length: rows * columns * (complex ? 2 : 1) }, draw);
  return { data, rows, columns, complex };
}

test.each([
  [3, false],
  [3, true],
  [40, false],
  [40, true],
])("the deviation of %i matrices once they are long, complex %s", (trials, complex) => {
  const draw = normal(trials);
  const { basis } = lapack.qr(random(12, 5, complex, draw));
  const parts = Array.from({ length: trials }, () => random(5, 2, complex, draw));
  const long = parts.map((part) => multiply(basis, part));
  const mean = meanMatrix(long);
  const width = complex ? 2 : 1;
  const expected = Array.from({ length: 24 }, (_, at) => {
    const squares = long.map(({ data }) =>
      Array.from(
        { length: width },
        (__, part) =>
          ((data[width * at + part] as number) - (mean.data[width * at + part] as number)) ** 2,
      ).reduce((a, b) => a + b),
    );
    return Math.sqrt(squares.reduce((a, b) => a + b) / trials);
  });
  const found = deviationOf(parts, (columns) => multiply(basis, columns));
  expect({ rows: found.rows, columns: found.columns, complex: found.complex }).toEqual({
    ...{ rows: 12, columns: 2, complex: false },
  });
  expect(relativeError(found.data, expected)).toBeLessThan(1e-13);
});
