// @ts-check
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";

/** @typedef {import("./counts.mjs").Counts} Counts */

/**
 * Runs a test runner and reads the report it leaves. A runner that left none, ended badly without naming a failure, or ran
 * no test at all counts as one failure: silence is not success.
 *
 * @template Report
 * @param {object} settings
 * @param {string} settings.title
 * @param {string} settings.command
 * @param {string[]} settings.args
 * @param {string} settings.cwd
 * @param {NodeJS.ProcessEnv} settings.env
 * @param {string} settings.report path of its JSON report
 * @param {(report: Report) => Counts} settings.count
 * @returns {Promise<Counts>}
 */
export async function runTests({ title, command, args, cwd, env, report, count }) {
  console.log(`\n── ${title}`);
  rmSync(report, { force: true });
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => resolve(error.message));
    child.once("close", resolve);
  });
  const counts = readCounts(report, count);
  if (counts.failed === 0 && code !== 0)
    return broken(counts, `${title} ended with ${code} without naming a failure`);
  if (counts.failed === 0 && counts.passed === 0) return broken(counts, `${title} ran no test`);
  return counts;
}

/**
 * @template Report
 * @param {string} report
 * @param {(report: Report) => Counts} count
 * @returns {Counts}
 */
function readCounts(report, count) {
  if (!existsSync(report)) return { passed: 0, failed: 0, problems: [] };
  try {
    return count(JSON.parse(readFileSync(report, "utf8")));
  } catch (error) {
    return { passed: 0, failed: 1, problems: [`${report} cannot be read: ${error}`] };
  }
}

/**
 * @param {Counts} counts
 * @param {string} problem
 * @returns {Counts}
 */
function broken(counts, problem) {
  return { passed: counts.passed, failed: counts.failed + 1, problems: [...counts.problems, problem] };
}
