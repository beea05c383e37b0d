// @ts-check
// `npm test` runs everything; `npm test -- FILTER…` runs only the unit tests whose path holds a filter.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
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

const problems = results.flatMap((result) => result.problems);
if (problems.length > 0) console.log(`\nFailed:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
const total = (/** @type {"passed" | "failed"} */ key) =>
  results.reduce((sum, result) => sum + result[key], 0);
console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
process.exit(total("failed") > 0 ? 1 : 0);
