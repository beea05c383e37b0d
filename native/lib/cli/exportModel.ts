import { spawn } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";

/** From lib/cli (tests) as from dist/cli. */
const SCRIPT = join(__dirname, "..", "..", "python", "graphpatch_export.py");

/**
 * `graphpatch export`: runs the export script with the Python that the user names. The archive is written beside its
 * place and then renamed.
 * @returns the exit status.
 * @throws Error for options that are not known, or a Python that cannot be started.
 */
export async function exportModel(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: "string", short: "o", default: "model.pt2" },
      python: { type: "string", default: "python3" },
      task: { type: "string" },
    },
  });
  if (positionals.length !== 1) throw new Error("export takes one model");
  const { out, python, task } = values;
  const unfinished = join(dirname(out), `.${process.pid}.${basename(out)}`);
  const status = await run(python, [
    SCRIPT,
    positionals[0],
    "--out",
    unfinished,
    "--shown",
    out,
    ...(task === undefined ? [] : ["--task", task]),
  ]);
  if (status === 0 && existsSync(unfinished)) renameSync(unfinished, out);
  else rmSync(unfinished, { force: true });
  return status;
}

function run(program: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    child.on("error", (error) => reject(new Error(`${program} cannot be started: ${error.message}`)));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
