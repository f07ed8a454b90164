/** RESULTS.md: sections that programs write, between markers, in a page that people may edit around them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAtomically } from "../lib/study/atomic.js";

export const BENCH_FOLDER = fileURLToPath(new URL(".", import.meta.url));
export const RESULTS_FILE = join(BENCH_FOLDER, "RESULTS.md");

const INTRODUCTION = `# Results

Every section is written by the command that it names, with the machine and the date of its run.
`;

const begin = (name: string) => `<!-- ${name}: begin -->`;
const end = (name: string) => `<!-- ${name}: end -->`;

/**
 * The page with the section's body replaced, or with the section at its end.
 *
 * @throws when only one of the section's two markers is there, or they stand in the wrong order
 */
export function withSection(page: string, name: string, body: string): string {
  const section = `${begin(name)}\n\n${body.trim()}\n\n${end(name)}`;
  const from = page.indexOf(begin(name));
  const to = page.indexOf(end(name));
  if (from < 0 && to < 0) return `${page.trimEnd()}\n\n${section}\n`;
  if (from < 0 || to < from)
    throw new Error(
      `Expected "${begin(name)}" before "${end(name)}", but one is missing or moved.`,
    );
  return page.slice(0, from) + section + page.slice(to + end(name).length);
}

export function writeSection(name: string, body: string, file = RESULTS_FILE): void {
  const page = existsSync(file) ? readFileSync(file, "utf8") : INTRODUCTION;
  writeAtomically(file, [withSection(page, name, body)]);
}
