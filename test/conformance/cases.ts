/** The one list of cases that every device is held to, and every derivative rule. */
import type { Case } from "./case.js";
import { elementwiseCases } from "./cases/elementwise.js";
import { linearCases } from "./cases/linear.js";
import { reduceCases } from "./cases/reduce.js";
import { shapeCases } from "./cases/shape.js";

export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...reduceCases,
  ...shapeCases,
  ...linearCases,
];
