/** Linear algebra on a CUDA device: cuSOLVER, cuBLAS and kernels of our own. */

import type { NativeDeviceLinalg, NativeMatrix } from "../../native/addon.js";
import type { HostMatrix, LinearAlgebra } from "./algebra.js";

/**
 * Matrices stay in device memory from one operation to the next. What comes back are singular values and
 * eigenvalues, and what is downloaded.
 */
export class CuSolver implements LinearAlgebra {
  readonly name = "cusolver";

  constructor(private readonly native: NativeDeviceLinalg) {}

  upload({ data, rows, columns, complex }: HostMatrix): NativeMatrix {
    return this.native.upload(data, rows, columns, complex);
  }

  download(a: NativeMatrix): HostMatrix {
    const { rows, columns, complex } = a;
    return { data: this.native.download(a), rows, columns, complex };
  }

  columns(a: NativeMatrix, from: number, to: number): NativeMatrix {
    return this.native.slice(a, a.rows, from, to);
  }

  topRows(a: NativeMatrix, rows: number): NativeMatrix {
    return this.native.slice(a, rows, 0, a.columns);
  }

  pickColumns(a: NativeMatrix, order: readonly number[]): NativeMatrix {
    return this.native.pickColumns(a, Int32Array.from(order));
  }

  stackColumns(a: NativeMatrix, stacks: number): NativeMatrix {
    return this.native.stackColumns(a, stacks);
  }

  divideColumns(a: NativeMatrix, divisors: Float64Array): NativeMatrix {
    return this.native.divideColumns(a, divisors);
  }

  multiply(a: NativeMatrix, b: NativeMatrix): NativeMatrix {
    return this.native.multiply(a, b, false);
  }

  multiplyAdjoint(a: NativeMatrix, b: NativeMatrix): NativeMatrix {
    return this.native.multiply(a, b, true);
  }

  qr(a: NativeMatrix) {
    return this.native.qr(a);
  }

  svd(a: NativeMatrix) {
    return this.native.svd(a);
  }

  eigen(a: NativeMatrix) {
    return this.native.eigen(a);
  }

  leastSquares(a: NativeMatrix, b: NativeMatrix, cutoff: number): NativeMatrix {
    return this.native.leastSquares(a, b, cutoff);
  }
}
