// @ts-check
import { parseLabOptions, usage } from "./lab/options.mjs";
import { freePort, isFree } from "./lab/port.mjs";
import { startLab } from "./lab/server.mjs";
import { setUp, startSteps, startStepsWithCuda } from "./setup/index.mjs";

const notebook = "notebooks/01-first-patch.ipynb";

try {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  const options = parseLabOptions(args);
  const context = await setUp(options.cuda ? startStepsWithCuda : startSteps);
  if (options.port !== null && !(await isFree(options.port, options.ip))) {
    throw new Error(`Port ${options.port} is in use. Give another one: npm start -- --port N`);
  }
  const port = options.port ?? (await freePort(8888, options.ip));
  const lab = await startLab(context, { ...options, port, notebook });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, lab.stop);
  console.log(`\nJupyterLab is running. Open\n\n    ${lab.url}\n\nCtrl-C stops it.\n`);
  const code = await lab.ended;
  console.log("JupyterLab has stopped.");
  process.exit(code);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
