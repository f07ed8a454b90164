/** Results that were computed before: a file of JSON lines, one `{ config, result }` each. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../lib/study/atomic.js";

interface Row<Config, Result> {
  readonly config: Config;
  readonly result: Result;
}

/** Equal for equal configurations, whatever the order of their fields. */
export function keyOf(config: object): string {
  return JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export class ResultCache<Config extends object, Result> {
  private readonly rows = new Map<string, Row<Config, Result>>();

  constructor(private readonly file: string) {
    this.read();
  }

  private read(): void {
    const text = existsSync(this.file) ? readFileSync(this.file, "utf8") : "";
    for (const line of text.split("\n").filter((l) => l !== "")) {
      const row = JSON.parse(line) as Row<Config, Result>;
      this.rows.set(keyOf(row.config), row);
    }
  }

  get(config: Config): Result | undefined {
    return this.rows.get(keyOf(config))?.result;
  }

  /** Keeps a result on disk, in place of an earlier one for the same configuration. */
  add(config: Config, result: Result): void {
    // Another process may have added some.
    this.read();
    this.rows.set(keyOf(config), { config, result });
    mkdirSync(dirname(this.file), { recursive: true });
    writeAtomically(
      this.file,
      [...this.rows.values()].map((row) => `${JSON.stringify(row)}\n`),
    );
  }
}
