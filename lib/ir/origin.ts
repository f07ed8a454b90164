/** Finds the user's line behind an error: the first stack frame that is not this package's own. */
import { fileURLToPath } from "node:url";

function pathOf(frame: string): string | undefined {
  const match = /\(?((?:file:\/\/)?\/[^()]*?|[A-Za-z]:\\[^()]*?):(\d+):(\d+)\)?$/.exec(
    frame.trim(),
  );
  if (!match) return undefined;
  const file = (match[1] as string).replace(/^.*\s\(?/, "");
  return `${file.startsWith("file://") ? fileURLToPath(file) : file}:${match[2]}:${match[3]}`;
}

/** This package's code: the folder `lib` in its sources, the folder `dist` once bundled. */
function ownFolder(ownFrame: string): string {
  const cut = Math.max(ownFrame.lastIndexOf("/lib/"), ownFrame.lastIndexOf("/dist/"));
  return cut < 0 ? ownFrame : ownFrame.slice(0, ownFrame.indexOf("/", cut + 1) + 1);
}

/** " (at file:line:column)" for the code that called into the package, or "" when there is none. */
export function atUserLine(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const paths = frames.map(pathOf).filter((p) => p !== undefined);
  const own = paths[0] && ownFolder(paths[0]);
  const user = paths.find((p) => own && !p.startsWith(own) && !p.includes("/node:internal/"));
  return user ? ` (at ${user})` : "";
}
