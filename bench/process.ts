/** Programs that answer with one line of JSON. */
import { spawn } from "node:child_process";

/**
 * Runs a program to its end and reads the last line of its output; its error output goes to ours.
 *
 * @param env what it has in its environment besides ours
 *
 * @throws when it fails, or its last line is not JSON
 */
export async function lastLineOf<T>(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<T> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with code ${code}.`);
  return JSON.parse(output.trim().split("\n").at(-1) as string) as T;
}
