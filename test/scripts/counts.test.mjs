import { expect, test } from "vitest";
import { testCounts } from "../../scripts/verify/counts.mjs";

const report = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [{}, {}],
};

test("tests are counted by outcome", () => {
  expect(testCounts(report, true)).toEqual({ passed: 7, failed: 0, skipped: 3, files: 2 });
  expect(testCounts({ ...report, numFailedTests: 3 }, false).failed).toBe(3);
});

test("a run that failed outside of every test is a failure all the same", () => {
  expect(testCounts(report, false).failed).toBe(1);
  expect(testCounts(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: 0, files: 0 });
});
