// @ts-check
// `BENCH_PYTHON=/path/to/python npm run bench` also times transformers, TransformerLens and nnsight in the same run, as far as that Python
// has them; THREADS=N (2 without). `npm run bench -- map trace` runs some parts only.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setUp, startSteps } from "./setup/index.mjs";
import { typescriptProgram } from "./setup/steps/typescriptProgram.mjs";

const folder = "test/bench";
const main = "main";

const { root } = await setUp([...startSteps, typescriptProgram({ name: "bench", folder, main })]);
const { status } = spawnSync(
  process.execPath,
  [join(root, folder, "dist", `${main}.js`), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
  },
);
process.exit(status ?? 1);
