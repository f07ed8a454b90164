/** Markdown tables that are as readable in a terminal as in a file. */

/** First column to the left, all others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const width = header.map((_, i) => Math.max(3, ...lines.map((line) => (line[i] ?? "").length)));
  const cell = (text: string, i: number) =>
    i === 0 ? text.padEnd(width[i] as number) : text.padStart(width[i] as number);
  const row = (line: readonly string[]) =>
    `| ${header.map((_, i) => cell(line[i] ?? "", i)).join(" | ")} |`;
  const rule = width.map((w, i) => (i === 0 ? "-".repeat(w) : `${"-".repeat(w - 1)}:`));
  return [row(header), `| ${rule.join(" | ")} |`, ...rows.map(row)].join("\n");
}
