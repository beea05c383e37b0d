// @ts-check

/** @typedef {{ passed: number, failed: number, problems: string[] }} Counts problems: what failed, a line each */

/**
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {{ name: string, status: string, message?: string, assertionResults: VitestResult[] }[]} testResults
 */
/** @typedef {{ fullName: string, status: string, failureMessages?: string[] }} VitestResult */

/**
 * Counts vitest's JSON report. A file that could not be loaded counts as one failure.
 * @param {VitestReport} report
 * @returns {Counts}
 */
export function countVitest(report) {
  /** @type {string[]} */
  const problems = [];
  for (const file of report.testResults) {
    const failures = file.assertionResults.filter((test) => test.status === "failed");
    for (const test of failures) {
      problems.push(`${file.name}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
    }
    if (file.status === "failed" && failures.length === 0)
      problems.push(`${file.name}: ${firstLine(file.message)}`);
  }
  return { passed: report.numPassedTests, failed: problems.length, problems };
}

/**
 * @typedef {object} PlaywrightSuite
 * @property {string} title
 * @property {PlaywrightSuite[]} [suites]
 * @property {{ title: string, ok: boolean, tests: { status: string }[] }[]} [specs]
 */

/**
 * Counts Playwright's JSON report. A test that passed only when tried again counts as failed.
 * @param {{ suites: PlaywrightSuite[], errors?: { message?: string }[] }} report
 * @returns {Counts}
 */
export function countPlaywright(report) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: 0, problems: [] };
  /**
   * @param {PlaywrightSuite} suite
   * @param {string} path
   */
  const visit = (suite, path) => {
    const here = path ? `${path} › ${suite.title}` : suite.title;
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === "expected") counts.passed++;
        else if (test.status !== "skipped") counts.problems.push(`${here} › ${spec.title}: ${test.status}`);
      }
    }
    for (const child of suite.suites ?? []) visit(child, here);
  };
  for (const suite of report.suites) visit(suite, "");
  for (const error of report.errors ?? []) counts.problems.push(`browser tests: ${firstLine(error.message)}`);
  counts.failed = counts.problems.length;
  return counts;
}

/** @param {string | undefined} text */
function firstLine(text) {
  return text?.split("\n").find((line) => line.trim() !== "") ?? "failed without a message";
}
