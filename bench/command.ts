/** What the commands of the benchmark have in common. */
import { Command } from "commander";
import { count } from "./arguments.js";
import { writeSection } from "./results-file.js";

export interface Output {
  readonly json?: boolean;
  readonly write: boolean;
}

export const note = (text: string) => console.error(text);

export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--threads <n>", "threads of ours (default: all processors)", count)
    .option("--json", "print the result as JSON and nothing else");
}

/** Writes the section of RESULTS.md and prints it, or the result as JSON. */
export function finish(
  section: string,
  result: unknown,
  report: string,
  { json, write }: Output,
): void {
  if (write) writeSection(section, report);
  console.log(json ? JSON.stringify(result) : report);
}
