import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Context, createContext } from "../../scripts/setup/context.mjs";

/** An empty folder that is gone after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "graphpatch-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A context whose checkout is an empty folder and whose PATH holds only what the test puts there. */
export function scratchContext(env: NodeJS.ProcessEnv = {}): Context {
  const root = scratchFolder();
  return createContext({ root, env: { PATH: join(root, "path"), ...env } });
}

/** Writes a file, and the folders that it stands in. */
export function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Puts a shell script into the context's PATH. */
export function fakeProgram(context: Context, name: string, script: string): void {
  const file = join(context.root, "path", name);
  write(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
