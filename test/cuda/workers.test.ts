/** Processes and workers may end while a job runs on CUDA, whatever is still to be given back. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { encodeLaunches } from "../../lib/lower/cuda/encode.js";
import { Job } from "../../lib/native/job.js";
import { addonPath } from "../../lib/native/load.js";
import { adder, mockOptions, scratchFolder } from "./support.js";

const N = 60;
const COMMANDS = 200;

/** A file with all that a process without TypeScript needs to run a job. */
function description(): string {
  const program = adder(N, 100);
  const job = new Job();
  for (let i = 0; i < COMMANDS; i++) job.call(0, [{ buffer: 0, offset: 0 }]);
  const { modules, kernels } = program;
  const path = join(scratchFolder(), "job.json");
  const text = JSON.stringify({
    addon: addonPath(),
    options: mockOptions(),
    code: [...encodeLaunches(program)],
    ...{ modules, kernels, bytes: 4 * N, job: [...job.encode()] },
  });
  writeFileSync(path, text);
  return path;
}

function run(...args: string[]) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
  });
  return { status, signal, output: stdout + stderr };
}

test("terminating workers in the midst of a job does not abort the process", () => {
  const worker = fileURLToPath(new URL("./job-worker.mjs", import.meta.url));
  expect(run(worker, description())).toEqual({
    status: 0,
    signal: null,
    output: `alive, and ran ${COMMANDS}\n`,
  });
});

const OPEN = `
const given = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
const device = require(given.addon).createCudaDevice(given.options);
const program = device.compile(Float64Array.from(given.code), { poison: false, ...given });
const buffers = Array.from({ length: 100 }, () => device.allocate(given.bytes));
const job = device.prepare(Float64Array.from(given.job), [program], [buffers[0]]);
`;

test.each([
  ["with everything still open", ""],
  [
    "that has just given all up",
    "for (const x of [...buffers, program, job, device]) x.dispose();",
  ],
  ["at once, while a job runs", "job.run(new Int32Array(2)); process.exit();"],
  ["after a job that it did not wait for", "job.run(new Int32Array(2));"],
])("a process ends cleanly %s", (_, end) => {
  expect(run("-e", OPEN + end, description())).toEqual({ status: 0, signal: null, output: "" });
});
