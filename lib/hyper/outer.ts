/** The outer update Φ: any optimizer of `optim`, on φ as one float64 vector. */
import type { HostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { full } from "../ops/constant.js";
import type { Optimizer } from "../optim/optimizer.js";
import { compileFunction } from "../runtime/jit.js";

/** The optimizer's buffers, and the steps that it has taken. */
export interface OuterState {
  readonly buffers: Readonly<Record<string, HostArray>>;
  readonly steps: number;
}

export class OuterUpdate {
  /** The optimizer's learning rate; undefined where it has no setting `lr`. */
  readonly rate: number | undefined;
  private readonly update: (...args: unknown[]) => unknown;
  private state: OuterState;

  /** @param optimizer with numbers as settings, as `checkOuter` has it */
  constructor(optimizer: Optimizer, size: number) {
    this.rate = optimizer.hyper.lr as number | undefined;
    const zero = () => ({ data: new Float64Array(size), shape: [size] });
    const buffers = Object.fromEntries(optimizer.buffers.map((name) => [name, zero()]));
    this.state = { buffers, steps: 0 };
    this.update = compileFunction(
      (phi: Tensor, gradient: Tensor, buffers: Record<string, Tensor>, step: Tensor) => {
        const settings = Object.entries(optimizer.hyper).map(
          ([name, s]) => [name, full([], s as number, "float64")] as const,
        );
        const next = optimizer.update({
          params: [phi],
          grads: [gradient],
          state: Object.fromEntries(Object.entries(buffers).map(([k, v]) => [k, [v]])),
          hyper: Object.fromEntries(settings),
          step,
        });
        const kept = Object.entries(next.state).map(([k, [v]]) => [k, v as Tensor] as const);
        return { phi: next.params[0] as Tensor, state: Object.fromEntries(kept) };
      },
      { threads: 1 },
    );
  }

  /** φ after one step along a hypergradient. */
  apply(phi: Float64Array, gradient: Float64Array): Float64Array {
    const vector = (data: Float64Array): HostArray => ({ data, shape: [data.length] });
    const { buffers, steps } = this.state;
    const step = { data: Int32Array.of(steps), shape: [] };
    const next = this.update(vector(phi), vector(gradient), buffers, step) as {
      phi: HostArray;
      state: Record<string, HostArray>;
    };
    this.state = { buffers: next.state, steps: steps + 1 };
    return next.phi.data as Float64Array;
  }

  save(): OuterState {
    return this.state;
  }

  restore(state: OuterState): void {
    this.state = state;
  }
}
