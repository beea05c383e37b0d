// @ts-check
// Types, lint and formatting of everything committed, C++ too. `npm run check -- --fix` formats in place.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { committedFiles, findMachineTraces } from "./check/machineTraces.mjs";
import { venvPrograms } from "./setup/context.mjs";
import { setUp, startSteps } from "./setup/index.mjs";
import { formatters } from "./setup/steps/pythonPackages.mjs";

const fix = process.argv.includes("--fix");
const context = await setUp([...startSteps, formatters]);
const { root } = context;
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const projects = [
  "native",
  "kernel",
  "extension",
  "scripts",
  "scripts/demo",
  "test",
  "test/bench",
  "test/browser",
];

/** @type {string[]} */
const failed = [];

/**
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 */
function check(title, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) console.error(error.message);
  console.log(`${status === 0 ? "✓" : "✗"} ${title}`);
  if (status !== 0) failed.push(title);
}

for (const project of projects) {
  if (!existsSync(join(root, project, "tsconfig.json"))) continue;
  check(`types: ${project}`, process.execPath, [tsc, "--noEmit", "-p", project]);
}
const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
check("lint and format: TypeScript, JavaScript, JSON (biome)", process.execPath, [
  biome,
  "check",
  "--error-on-warnings",
  ...(fix ? ["--write"] : []),
]);
const sources = committedFiles(root).filter((file) => /\.(cc|h)$/.test(file));
check("format: C++ (clang-format)", join(venvPrograms(context), "clang-format"), [
  ...(fix ? ["-i"] : ["--dry-run", "--Werror"]),
  ...sources,
]);

const traces = findMachineTraces(root);
for (const trace of traces) console.error(trace);
console.log(`${traces.length === 0 ? "✓" : "✗"} no machine paths or registry hosts in committed files`);
if (traces.length > 0) failed.push("machine paths");

if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join("; ")}`);
  process.exit(1);
}
