/**
 * Times how a study of LeNet with glocal starts, from opening the device: until everything is compiled
 * and uploaded, and until the first window is done. Data are made before and do not count.
 */
import { tune } from "../../lib/index.js";
import { SETTING, tuneOptions } from "../setting.js";
import { syntheticFashion } from "../synthetic.js";
import { placeOptions, requested } from "./request.js";

export interface Start {
  readonly compiledMs: number;
  readonly firstWindowMs: number;
}

const data = syntheticFashion();
const began = performance.now();
const study = tune(
  tuneOptions({
    data,
    method: "glocal",
    lr: 0.01,
    steps: 2 * SETTING.window,
    seed: 0,
    ...placeOptions(requested()),
  }),
);
const compiled = performance.now();
let firstWindow = compiled;
for await (const _ of study) {
  firstWindow = performance.now();
  break;
}
const start: Start = { compiledMs: compiled - began, firstWindowMs: firstWindow - began };
console.log(JSON.stringify(start));
