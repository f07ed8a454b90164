/**
 * A job: the flat list of commands that one native call runs, e.g. a whole
 * window of training steps. Encoded as numbers, like programs.
 *
 *   call: 0, program, then for each slot of that program: buffer, byteOffset
 *   copy: 1, fromBuffer, fromOffset, toBuffer, toOffset, bytes
 *   zero: 2, buffer, byteOffset, bytes
 */

/** A place in a buffer of the job's buffer table. */
export interface Place {
  readonly buffer: number;
  readonly offset: number;
}

export class Job {
  private readonly numbers: number[] = [];
  private count = 0;

  /** Commands so far; a run reports how many of them it finished. */
  get commands(): number {
    return this.count;
  }

  /** Runs `program` (its index in the program table) with its slots bound in order. */
  call(program: number, slots: readonly Place[]): void {
    this.numbers.push(0, program);
    for (const s of slots) this.numbers.push(s.buffer, s.offset);
    this.count++;
  }

  copy(from: Place, to: Place, bytes: number): void {
    this.numbers.push(1, from.buffer, from.offset, to.buffer, to.offset, bytes);
    this.count++;
  }

  zero(at: Place, bytes: number): void {
    this.numbers.push(2, at.buffer, at.offset, bytes);
    this.count++;
  }

  encode(): Float64Array {
    return Float64Array.from(this.numbers);
  }
}
