// @ts-check
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setUp, startSteps } from "./setup/index.mjs";
import { typescriptProgram } from "./setup/steps/typescriptProgram.mjs";

const folder = "scripts/demo";
const main = "firstPatch";

const { root } = await setUp([...startSteps, typescriptProgram({ name: "demo", folder, main })]);
const { status } = spawnSync(process.execPath, [join(root, folder, "dist", `${main}.js`)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
