import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";

// The tests are in Python, as a client of Jupyter's is the judge; each is one test here.

const ROOT = join(__dirname, "..", "..");
const SCRIPT = join(__dirname, "python", "run_tests.py");
const PYTHON = process.env.GRAPHPATCH_PYTHON ?? join(ROOT, ".venv", "bin", "python");
const WHOLE_RUN_MS = 900_000;

const prefix = mkdtempSync(join(tmpdir(), "graphpatch-kernel-"));
afterAll(() => rmSync(prefix, { recursive: true, force: true }));
execFileSync(process.execPath, [join(ROOT, "kernel", "dist", "cli.js"), "install", "--prefix", prefix]);
const env = {
  ...process.env,
  JUPYTER_PATH: join(prefix, "share", "jupyter"),
  GRAPHPATCH_HISTORY: join(prefix, "history.jsonl"),
  GRAPHPATCH_CACHE: join(prefix, "cache"),
  PYTHONDONTWRITEBYTECODE: "1",
};

const names = JSON.parse(execFileSync(PYTHON, [SCRIPT, "--list"], { env, encoding: "utf8" })) as string[];

interface Result {
  name: string;
  problem: string | null;
}

/** Runs all Python tests; problems by name, null for a test that passed. */
async function runAll(): Promise<Map<string, string | null>> {
  const child = spawn(PYTHON, [SCRIPT], { env, stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-10_000);
  });
  const results = new Map<string, string | null>();
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const { name, problem } = JSON.parse(line) as Result;
    results.set(name, problem);
  }
  for (const name of names) {
    if (!results.has(name)) results.set(name, `did not run\n${[...results.values()].join("\n")}\n${errors}`);
  }
  return results;
}

describe("the kernel, over the wire", () => {
  let running: Promise<Map<string, string | null>> | null = null;
  it.each(names)(
    "%s",
    async (name) => {
      running ??= runAll();
      expect((await running).get(name)).toBeNull();
    },
    WHOLE_RUN_MS,
  );
});
