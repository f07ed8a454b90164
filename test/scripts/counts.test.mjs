import { expect, test } from "vitest";
import { testCounts } from "../../scripts/verify/counts.mjs";

const good = { status: "passed", assertionResults: [{ status: "passed" }] };
const bad = { status: "failed", assertionResults: [{ status: "passed" }, { status: "failed" }] };
const unreadable = { status: "failed", assertionResults: [] };

const report = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [good, good],
};

test("tests are counted by outcome", () => {
  expect(testCounts(report, true)).toEqual({ passed: 7, failed: 0, skipped: 3, files: 2 });
  const failing = { ...report, numFailedTests: 1, testResults: [good, bad] };
  expect(testCounts(failing, false).failed).toBe(1);
});

test("a file that could not be run is a failure", () => {
  const testResults = [good, bad, unreadable];
  expect(testCounts({ ...report, numFailedTests: 1, testResults }, false).failed).toBe(2);
});

test("a run that failed outside of every test is a failure", () => {
  expect(testCounts(report, false).failed).toBe(1);
  expect(testCounts(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: 0, files: 0 });
});
