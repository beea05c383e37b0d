// @ts-check
// `npm test` runs everything; `npm test -- FILTER…` runs only the unit tests whose path holds a filter.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mergeRecords, readRecords, staleOperators } from "./docs/operators.mjs";
import { setUp, startSteps } from "./setup/index.mjs";
import { findChromium } from "./setup/steps/chromium.mjs";
import { testSteps } from "./setup/steps/tests.mjs";
import { countPlaywright, countVitest } from "./test/counts.mjs";
import { runTests } from "./test/runner.mjs";

const filters = process.argv.slice(2);
const { root, env: inherited } = await setUp([...startSteps, ...testSteps]);
const artifacts = join(root, "test", "artifacts");
mkdirSync(artifacts, { recursive: true });
// what each test file notes for docs/operators.md; a part of the tests replaces its part
if (filters.length === 0) rmSync(join(artifacts, "operators"), { recursive: true, force: true });
const env = { ...inherited, CHROMIUM: findChromium(inherited) ?? undefined };

const vitestReport = join(artifacts, "vitest.json");
const results = [
  await runTests({
    title: "unit, parity, kernel and notebook tests (vitest)",
    command: process.execPath,
    args: [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${vitestReport}`,
      ...filters,
    ],
    cwd: root,
    env,
    report: vitestReport,
    count: countVitest,
  }),
];
if (filters.length === 0) {
  results.push(
    await runTests({
      title: "browser tests (Playwright)",
      command: process.execPath,
      args: [join(root, "test", "browser", "run.mjs")],
      cwd: root,
      env,
      report: join(artifacts, "browser-results.json"),
      count: countPlaywright,
    }),
  );
}

if (filters.length === 0) {
  const operators = mergeRecords(readRecords(join(artifacts, "operators")).values());
  const stale = staleOperators(readFileSync(join(root, "docs", "operators.md"), "utf8"), operators);
  const told = [...stale.slice(0, 5), ...(stale.length > 5 ? [`… ${stale.length} in all`] : [])].join("; ");
  const problem = `docs/operators.md is not what the tests compare (npm run docs renews it): ${told}`;
  results.push({ passed: 0, failed: stale.length > 0 ? 1 : 0, problems: stale.length > 0 ? [problem] : [] });
}

const problems = results.flatMap((result) => result.problems);
if (problems.length > 0) console.log(`\nFailed:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
const total = (/** @type {"passed" | "failed"} */ key) =>
  results.reduce((sum, result) => sum + result[key], 0);
console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
process.exit(total("failed") > 0 ? 1 : 0);
