import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ScratchFolder } from "../../../test/support/files";
import { exportModel } from "./exportModel";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

/** A program in Python's place that notes its arguments and writes what follows --out. */
function python(name: string, script: string): string {
  const path = scratch.write(name, `#!/bin/sh\necho "$@" > ${join(scratch.path, "args")}\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

it("runs the script with the Python it is given, and puts the archive in its place when it is whole", async () => {
  const out = join(scratch.path, "model.pt2");
  const good = python("good", 'while [ "$1" != "--out" ]; do shift; done; echo archive > "$2"');
  expect(await exportModel(["gpt2", "--out", out, "--python", good, "--task", "causal-lm"])).toBe(0);
  expect(readFileSync(out, "utf8")).toBe("archive\n");
  const args = readFileSync(join(scratch.path, "args"), "utf8").trim().split(" ");
  expect(existsSync(args[0])).toBe(true);
  expect([args[1], args[2], ...args.slice(4)]).toEqual([
    "gpt2",
    "--out",
    "--shown",
    out,
    "--task",
    "causal-lm",
  ]);
});

it("leaves nothing half-written, and the archive that was there, when Python fails", async () => {
  const out = join(scratch.path, "kept.pt2");
  scratch.write("kept.pt2", "before");
  const bad = python("bad", 'while [ "$1" != "--out" ]; do shift; done; echo half > "$2"; exit 3');
  expect(await exportModel(["gpt2", "-o", out, "--python", bad])).toBe(3);
  expect(readFileSync(out, "utf8")).toBe("before");
  expect(readdirSync(scratch.path).filter((name) => name.startsWith("."))).toEqual([]);
});

it("says what is wrong with its arguments", async () => {
  await expect(exportModel([])).rejects.toThrow(/takes one model/);
  await expect(exportModel(["a", "--tsak", "x"])).rejects.toThrow(/--tsak/);
  await expect(exportModel(["a", "--python", join(scratch.path, "none")])).rejects.toThrow(
    /cannot be started/,
  );
});
