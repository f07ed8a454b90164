/** What a stopped run leaves of carried tangents: those of the step it stopped at, or none. */
import { expect, test } from "vitest";
import { Problem } from "../../lib/hyper/problem.js";
import { examplesOf } from "../../lib/hyper/resident.js";
import { Trainer, type TrainerOptions } from "../../lib/hyper/trainer.js";
import { array, learn, ops, type Tensor } from "../../lib/index.js";
import { openDevice } from "../../lib/runtime/device.js";
import { randomArray } from "./support.js";

const STEPS = 2000;
const SIZE = 64;
const CARRY = { decay: 1, clips: new Float64Array(2).fill(Number.POSITIVE_INFINITY) };

/** A recurrence whose step takes long enough to be stopped in the midst of many. */
function problemOf(hyper: object): Problem {
  return new Problem({ w: randomArray([SIZE, SIZE], 3, Float64Array) }, hyper, {
    step: ({ w }: { w: Tensor }, settings: Record<string, Tensor>) => {
      const [first, ...others] = Object.values(settings).map((h) => ops.mean(h));
      const rate = others.reduce((a, b) => ops.add(a, ops.square(b)), first as Tensor);
      return { w: ops.tanh(ops.add(ops.mul(ops.matmul(w, w), 0.05), rate)) };
    },
    criterion: ({ w }: { w: Tensor }, _: unknown, { x }: { x: Tensor }) => ops.mul(x, ops.mean(w)),
  });
}

const two = { a: learn.identity(0.1), b: learn.identity(0.2) };
const data = () => examplesOf({ x: array(Float64Array.of(1, 2)) }, "training");

function trainer(options: Partial<TrainerOptions> = {}, hyper: object = two): Trainer {
  const problem = problemOf(hyper);
  const made = new Trainer(openDevice({ device: "cpu", threads: 2 }), problem, data(), data(), {
    batchSize: 1,
    seed: 0,
    longest: STEPS,
    last: 1,
    criterionBatch: 10,
    subset: undefined,
    carries: true,
    mode: "auto",
    lanes: undefined,
    switches: {},
    ...options,
  });
  made.setHyper(problem.hyper.initial());
  return made;
}

const indexOf = () => Int32Array.of(0);
const window = { steps: STEPS, last: 1 };

/** Stops the run in its midst: later and later, until it has begun. */
async function stopped(by: Trainer, segment: Parameters<Trainer["run"]>[0]) {
  for (let wait = 20; wait < 2000; wait *= 1.5) {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), wait);
    const run = await by.run(segment, 0, indexOf, abort.signal);
    if (!run.aborted) throw new Error("the run was over before it could be stopped");
    // Chunks keep no step; that they had begun is seen by the tangents they have lost.
    const { tangentsFit } = by as unknown as { tangentsFit: boolean };
    if (run.steps > 0 || (by.mode?.stopsCleanly === false && !tangentsFit)) return run;
  }
  throw new Error("the run never began");
}

test("with all lanes at once, training goes on where it stopped, tangents included", async () => {
  const whole = await trainer().run(window, 0, indexOf);
  const parts = trainer();
  const { steps, carried, trajectory } = await stopped(parts, window);
  expect(steps).toBeGreaterThan(0);
  expect(steps).toBeLessThan(STEPS);
  expect([carried, trajectory.length]).toEqual([null, 0]);
  const rest = await parts.run({ steps: STEPS - steps, last: 1, carry: CARRY }, steps, indexOf);
  expect(rest.carried?.norms.every((norm) => norm > 0)).toBe(true);
  expect(rest.trajectory).toEqual(whole.trajectory);
  expect(parts.readState()).toEqual((await sameState(STEPS)).readState());
});

test("with lanes in chunks, it goes back to the window's start, with tangents of zero", async () => {
  const first = { steps: 10, last: 1 };
  const parts = trainer({ lanes: 1 });
  await parts.run(first, 0, indexOf);
  const { steps, carried } = await stopped(parts, { ...window, carry: CARRY });
  expect([steps, carried]).toEqual([0, null]);
  expect(parts.readState()).toEqual((await sameState(10)).readState());
  const again = await parts.run({ ...first, carry: CARRY }, 10, indexOf);
  expect(again.carried?.decay).toBe(0);
  const fresh = trainer({ lanes: 1 });
  await fresh.run(first, 0, indexOf);
  expect(again.trajectory).toEqual((await fresh.run(first, 10, indexOf)).trajectory);
  // And from there they are carried again.
  expect((await parts.run({ ...first, carry: CARRY }, 20, indexOf)).carried?.decay).toBe(1);
});

async function sameState(steps: number): Promise<Trainer> {
  const other = trainer();
  await other.run({ steps, last: 1 }, 0, indexOf);
  return other;
}

test("a run that was stopped before it began changes nothing", async () => {
  const parts = trainer({ lanes: 1 });
  await parts.run({ steps: 10, last: 1 }, 0, indexOf);
  const carried = { steps: 10, last: 1, carry: CARRY };
  const none = await parts.run(carried, 10, indexOf, AbortSignal.abort());
  expect(none).toMatchObject({ steps: 0, aborted: true });
  const after = await parts.run(carried, 10, indexOf);
  expect(after.carried?.decay).toBe(1);
  const long = await trainer().run({ steps: 20, last: 1 }, 0, indexOf);
  expect(after.trajectory).toEqual(long.trajectory);
});

test("auto is forward mode where tangents are carried, though reverse mode costs less", () => {
  const many = { weights: learn.identity(array(new Float64Array(200).fill(0.1))) };
  expect(trainer({ carries: false }, many).mode?.name).toBe("reverse");
  expect(trainer({ carries: true }, many).mode?.name).toBe("forward");
});
