/**
 * @typedef {object} VitestReport what vitest's JSON reporter writes, as far as it is needed here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults one for each file
 */

/**
 * Tests by outcome. What failed without a failed test must not pass for clean: a file that could not be run counts as
 * one failure, and so does a run that ended badly for any other reason.
 *
 * @param {VitestReport | undefined} report
 * @param {boolean} succeeded whether vitest ended with exit code 0
 */
export function testCounts(report, succeeded) {
  const files = report?.testResults ?? [];
  const brokenFiles = files.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failed = (report?.numFailedTests ?? 0) + brokenFiles.length;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
    files: files.length,
  };
}
