// @ts-check
import { join, relative } from "node:path";
import { createContext } from "./context.mjs";
import { SetupError } from "./errors.mjs";
import { takeLock } from "./lock.mjs";
import { runSteps } from "./plan.mjs";
import { Progress } from "./progress.mjs";
import { Stamps } from "./stamps.mjs";
import { addon } from "./steps/addon.mjs";
import { buildTools } from "./steps/buildTools.mjs";
import { cudaLibraries } from "./steps/cudaLibraries.mjs";
import { kernelSpec } from "./steps/kernelSpec.mjs";
import { labExtension } from "./steps/labExtension.mjs";
import { labSettings } from "./steps/labSettings.mjs";
import { libtorch } from "./steps/libtorch.mjs";
import { workspaceModules } from "./steps/nodeModules.mjs";
import { packages } from "./steps/packages.mjs";
import { demoModel, jupyterlab } from "./steps/pythonPackages.mjs";
import { venv } from "./steps/venv.mjs";

/** Everything that `npm start` needs, in order. */
export const startSteps = [
  venv,
  jupyterlab,
  libtorch,
  demoModel,
  buildTools,
  workspaceModules,
  addon,
  packages,
  labExtension,
  kernelSpec,
  labSettings,
];

/** The same, and what an NVIDIA GPU needs. */
export const startStepsWithCuda = startSteps.flatMap((step) =>
  step === libtorch ? [step, cudaLibraries] : [step],
);

const oldestNode = [20, 19];

/**
 * Brings the checkout to where the given steps are done, or ends the process with an explanation.
 * @param {readonly import("./plan.mjs").Step[]} steps
 * @returns {Promise<import("./context.mjs").Context>}
 */
export async function setUp(steps = startSteps) {
  const context = createContext();
  try {
    checkNode(process.versions.node);
    const release = takeLock(context.state);
    process.once("exit", release);
    const logOf = (/** @type {string} */ step) => join(context.state, "logs", `${step}.log`);
    const ran = await runSteps(steps, context, new Stamps(context.state), new Progress(), logOf);
    if (ran.length > 0) console.log(`  Logs: ${relative(context.root, join(context.state, "logs"))}\n`);
    process.off("exit", release);
    release();
    return context;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.describe()}`);
    process.exit(1);
  }
}

/**
 * @param {string} version as in `process.versions.node`
 * @throws {SetupError} when it is too old
 */
export function checkNode(version) {
  const [major, minor] = version.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(`Node ${version} is too old.`, {
    advice: [`Node ${oldestNode.join(".")} or later is needed.`],
  });
}
