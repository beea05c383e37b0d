import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { countPlaywright, countVitest } from "../../scripts/test/counts.mjs";
import { runTests } from "../../scripts/test/runner.mjs";
import { scratchFolder } from "./scratch";

describe("counting", () => {
  it("takes a test file that could not be loaded for a failure", () => {
    const counts = countVitest({
      numPassedTests: 2,
      testResults: [
        { name: "a", status: "passed", assertionResults: [] },
        { name: "b", status: "failed", message: "Cannot find module", assertionResults: [] },
        {
          name: "c",
          status: "failed",
          assertionResults: [
            { fullName: "c works", status: "failed", failureMessages: ["Error: no\n  at …"] },
          ],
        },
      ],
    });
    expect(counts).toEqual({
      passed: 2,
      failed: 2,
      problems: ["b: Cannot find module", "c: c works: Error: no"],
    });
  });

  it("takes a browser test that passed only at the second try for a failure", () => {
    const spec = (title: string, status: string) => ({ title, ok: true, tests: [{ status }] });
    const counts = countPlaywright({
      suites: [
        {
          title: "tree",
          specs: [spec("x", "expected")],
          suites: [{ title: "keys", specs: [spec("y", "flaky")] }],
        },
      ],
      errors: [{ message: "the server did not start" }],
    });
    expect(counts).toEqual({
      passed: 1,
      failed: 2,
      problems: ["tree › keys › y: flaky", "browser tests: the server did not start"],
    });
  });
});

describe("a runner", () => {
  const counts = { passed: 3, failed: 0, problems: [] };
  const runNode = (script: string, report: string) => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    return runTests({
      title: "runner",
      command: process.execPath,
      args: ["-e", script],
      cwd: ".",
      env: process.env,
      report,
      count: (value: { passed: number }) => ({ ...counts, passed: value.passed }),
    });
  };

  it("that says nothing has failed", async () => {
    const report = join(scratchFolder(), "report.json");
    expect(await runNode("", report)).toMatchObject({ failed: 1, problems: ["runner ran no test"] });
    expect(await runNode("process.exit(2)", report)).toMatchObject({
      failed: 1,
      problems: ["runner ended with 2 without naming a failure"],
    });
  });

  it("is believed when it left a report and ended well", async () => {
    const report = join(scratchFolder(), "report.json");
    const script = `require("node:fs").writeFileSync(${JSON.stringify(report)}, '{"passed": 3}')`;
    expect(await runNode(script, report)).toEqual(counts);
    expect(await runNode(`${script}; process.exit(1)`, report)).toMatchObject({ passed: 3, failed: 1 });
  });
});
