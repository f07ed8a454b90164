/** Linear algebra on a CUDA device: cuSOLVER, cuBLAS and kernels of our own. */

import type { NativeDeviceLinalg, NativeMatrix } from "../../native/addon.js";
import { callNative } from "../../native/errors.js";
import type { HostMatrix, LinearAlgebra } from "./algebra.js";

/**
 * Matrices stay in device memory from one operation to the next. What comes back are singular values and
 * eigenvalues, and what is downloaded.
 */
export class CuSolver implements LinearAlgebra {
  readonly name = "cusolver";

  constructor(private readonly native: NativeDeviceLinalg) {}

  upload({ data, rows, columns, complex }: HostMatrix): NativeMatrix {
    return callNative(() => this.native.upload(data, rows, columns, complex));
  }

  download(a: NativeMatrix): HostMatrix {
    const { rows, columns, complex } = a;
    return { data: callNative(() => this.native.download(a)), rows, columns, complex };
  }

  columns(a: NativeMatrix, from: number, to: number): NativeMatrix {
    return callNative(() => this.native.slice(a, a.rows, from, to));
  }

  topRows(a: NativeMatrix, rows: number): NativeMatrix {
    return callNative(() => this.native.slice(a, rows, 0, a.columns));
  }

  pickColumns(a: NativeMatrix, order: readonly number[]): NativeMatrix {
    return callNative(() => this.native.pickColumns(a, Int32Array.from(order)));
  }

  stackColumns(a: NativeMatrix, stacks: number): NativeMatrix {
    return callNative(() => this.native.stackColumns(a, stacks));
  }

  realPart(a: NativeMatrix): NativeMatrix {
    return callNative(() => this.native.realPart(a));
  }

  divideColumns(a: NativeMatrix, divisors: Float64Array): NativeMatrix {
    return callNative(() => this.native.divideColumns(a, divisors));
  }

  multiply(a: NativeMatrix, b: NativeMatrix): NativeMatrix {
    return callNative(() => this.native.multiply(a, b, false));
  }

  multiplyAdjoint(a: NativeMatrix, b: NativeMatrix): NativeMatrix {
    return callNative(() => this.native.multiply(a, b, true));
  }

  qr(a: NativeMatrix) {
    return callNative(() => this.native.qr(a));
  }

  svd(a: NativeMatrix) {
    return callNative(() => this.native.svd(a));
  }

  eigen(a: NativeMatrix) {
    return callNative(() => this.native.eigen(a));
  }

  leastSquares(a: NativeMatrix, b: NativeMatrix, cutoff: number): NativeMatrix {
    return callNative(() => this.native.leastSquares(a, b, cutoff));
  }
}
