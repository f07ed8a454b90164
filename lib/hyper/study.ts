/** A running study: an async iterable of windows, and a result that comes with or without iterating. */

export class Study<Window, Result> implements AsyncIterable<Window> {
  private readonly settled: Promise<Result>;
  private settle!: (result: Result) => void;
  private fail!: (error: unknown) => void;
  /** Windows that were run for `result` and that nobody has iterated over yet. */
  private readonly unseen: Window[] = [];
  private last: Promise<IteratorResult<Window, Result>> | undefined;
  private draining: Promise<void> | undefined;

  /**
   * @param windows runs the study; each `next` trains one window
   * @param stop asks it to end after the window that is running
   */
  constructor(
    private readonly windows: AsyncGenerator<Window, Result, void>,
    private readonly stop: () => void,
  ) {
    this.settled = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
    // A caller who only iterates sees the error there.
    this.settled.catch(() => {});
  }

  /** The same study with its windows and its result seen through functions. */
  map<W, R>(window: (w: Window) => W, result: (r: Result) => R): Study<W, R> {
    const { windows } = this;
    async function* mapped(): AsyncGenerator<W, R, void> {
      try {
        for (;;) {
          const next = await windows.next();
          if (next.done) return result(next.value);
          yield window(next.value);
        }
      } finally {
        // What `window` threw must not leave the study's device open.
        await windows.return(undefined as never);
      }
    }
    return new Study(mapped(), this.stop);
  }

  /**
   * Trains to the end and gives the result, with or without iterating: asked for inside the loop it
   * cannot wait for the loop, so windows are then trained ahead of it.
   */
  get result(): Promise<Result> {
    this.draining ??= this.drain();
    return this.settled;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Window, void, void> {
    let finished = false;
    try {
      for (;;) {
        while (this.unseen.length > 0) yield this.unseen.shift() as Window;
        if (this.draining) {
          const seen = await this.last;
          if (seen?.done && this.unseen.length === 0) break;
          continue;
        }
        const next = await this.advance();
        if (next.done) break;
        yield next.value;
      }
      finished = true;
    } finally {
      if (!finished) {
        this.stop();
        this.draining ??= this.drain();
        await this.draining;
      }
    }
  }

  private async drain(): Promise<void> {
    try {
      for (;;) {
        const next = await this.advance();
        if (next.done) return;
        this.unseen.push(next.value);
      }
    } catch {
      // `settled` has it.
    }
  }

  private advance(): Promise<IteratorResult<Window, Result>> {
    this.last = this.windows.next().then(
      (next) => {
        if (next.done && next.value !== undefined) this.settle(next.value);
        return next;
      },
      (error) => {
        this.fail(error);
        throw error;
      },
    );
    return this.last;
  }
}
