/** Work that is tried one after the other: what fails or no longer fits the time is noted, and the rest goes on. */

export class Attempts {
  /** What was not tried, since time was up. */
  readonly omitted: string[] = [];
  /** What went wrong, with the reason. */
  readonly failures: string[] = [];

  constructor(
    private readonly note: (text: string) => void,
    /** When nothing more is started, by this clock. */
    private readonly end = Number.POSITIVE_INFINITY,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  async try<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.clock() >= this.end) {
      this.omitted.push(what);
      return undefined;
    }
    this.note(what);
    try {
      return await work();
    } catch (error) {
      const failure = `${what}: ${error instanceof Error ? error.message : error}`;
      this.note(failure);
      this.failures.push(failure);
      return undefined;
    }
  }
}
