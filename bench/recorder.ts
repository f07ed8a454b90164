/** Notes the programs that a study compiles, so that they can be counted and timed as they are. */
import { Executable } from "../lib/runtime/executable.js";

/** Everything compiled while `body` runs, in order. */
export function recordPrograms<T>(body: () => T): { value: T; programs: readonly Executable[] } {
  const programs: Executable[] = [];
  const { compile } = Executable;
  Executable.compile = (...args) => {
    const executable = compile(...args);
    programs.push(executable);
    return executable;
  };
  try {
    return { value: body(), programs };
  } finally {
    Executable.compile = compile;
  }
}
