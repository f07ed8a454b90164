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
  private made: NativeMatrix[] = [];

  constructor(private readonly native: NativeDeviceLinalg) {}

  upload({ data, rows, columns, complex }: HostMatrix): NativeMatrix {
    return this.make((native) => native.upload(data, rows, columns, complex));
  }

  download(a: NativeMatrix): HostMatrix {
    const { rows, columns, complex } = a;
    return { data: callNative(() => this.native.download(a)), rows, columns, complex };
  }

  keepOnly(...kept: readonly NativeMatrix[]): void {
    for (const matrix of this.made) if (!kept.includes(matrix)) matrix.dispose();
    this.made = [...kept];
  }

  columns(a: NativeMatrix, from: number, to: number): NativeMatrix {
    return this.make((native) => native.slice(a, a.rows, from, to));
  }

  pickColumns(a: NativeMatrix, order: readonly number[]): NativeMatrix {
    return this.make((native) => native.pickColumns(a, Int32Array.from(order)));
  }

  stackColumns(a: NativeMatrix, stacks: number): NativeMatrix {
    return this.make((native) => native.stackColumns(a, stacks));
  }

  divideColumns(a: NativeMatrix, divisors: Float64Array): NativeMatrix {
    return this.make((native) => native.divideColumns(a, divisors));
  }

  multiply(a: NativeMatrix, b: NativeMatrix): NativeMatrix {
    return this.make((native) => native.multiply(a, b, false));
  }

  multiplyAdjoint(a: NativeMatrix, b: NativeMatrix): NativeMatrix {
    return this.make((native) => native.multiply(a, b, true));
  }

  qr(a: NativeMatrix) {
    const factors = callNative(() => this.native.qr(a));
    this.made.push(factors.basis, factors.coordinates);
    return factors;
  }

  svd(a: NativeMatrix) {
    const factors = callNative(() => this.native.svd(a));
    this.made.push(factors.left, factors.right);
    return factors;
  }

  eigen(a: NativeMatrix) {
    const pairs = callNative(() => this.native.eigen(a));
    this.made.push(pairs.vectors);
    return pairs;
  }

  leastSquares(a: NativeMatrix, b: NativeMatrix, cutoff: number): NativeMatrix {
    return this.make((native) => native.leastSquares(a, b, cutoff));
  }

  private make(operation: (native: NativeDeviceLinalg) => NativeMatrix): NativeMatrix {
    const matrix = callNative(() => operation(this.native));
    this.made.push(matrix);
    return matrix;
  }
}
