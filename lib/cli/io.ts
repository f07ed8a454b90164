/** What the command line touches of its process, as a value: tests hand in their own. */

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Width in characters, on a terminal. */
  readonly columns?: number | undefined;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  now(): Date;
  /** Calls `handler` at the first SIGINT or SIGTERM; the next one kills. Returns what takes the handler off again. */
  onInterrupt(handler: () => void): () => void;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    now: () => new Date(),
    onInterrupt(handler) {
      const off = () => {
        for (const signal of SIGNALS) process.off(signal, first);
      };
      const first = () => {
        // Without a listener the next signal does what it does by default: it kills.
        off();
        handler();
      };
      for (const signal of SIGNALS) process.on(signal, first);
      return off;
    },
  };
}
