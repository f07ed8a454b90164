/**
 * @typedef {object} VitestReport what vitest's JSON reporter writes, as far as it is needed here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {unknown[]} testResults
 */

/**
 * Tests by outcome. A run that failed without a failed test (a file that could not be read, an error outside of every
 * test, no report at all) counts as one failure: it must not pass for a clean one.
 *
 * @param {VitestReport | undefined} report
 * @param {boolean} succeeded whether vitest ended with exit code 0
 */
export function testCounts(report, succeeded) {
  const failed = report?.numFailedTests ?? 0;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
    files: report?.testResults.length ?? 0,
  };
}
