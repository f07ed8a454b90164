/** Reads the tables of reports. */

/** The cells after the name, of each row of that name. */
export const cellsOf = (report: string, name: string): string[][] =>
  report
    .split("\n")
    .filter((line) => line.startsWith(`| ${name} `))
    .map((line) =>
      line
        .split("|")
        .slice(2, -1)
        .map((cell) => cell.trim()),
    );
