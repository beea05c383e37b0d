// @ts-check
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fingerprint } from "../fingerprint.mjs";
import { hasRequirements, pipInstall } from "../python.mjs";

/**
 * A step that installs a requirements file into the virtual environment.
 * @param {object} settings
 * @param {string} settings.name
 * @param {string} settings.title
 * @param {string} settings.requirements absolute path
 * @param {string[]} [settings.options] further options of `pip install`
 * @returns {import("../plan.mjs").Step}
 */
export function pythonPackages({ name, title, requirements, options }) {
  return {
    name,
    title,
    inputs: () => fingerprint("", [], [readFileSync(requirements, "utf8")]),
    isIntact: (context) => hasRequirements(context, requirements),
    run: (context, run) => pipInstall(context, requirements, run, { options }),
  };
}

/** @param {string} name of a file beside this folder */
export function requirementsFile(name) {
  return fileURLToPath(new URL(`../requirements/${name}.txt`, import.meta.url));
}

export const jupyterlab = pythonPackages({
  name: "jupyterlab",
  title: "JupyterLab",
  requirements: requirementsFile("jupyterlab"),
});

export const demoModel = pythonPackages({
  name: "demo-model",
  title: "Demo model SmolLM2-135M-Instruct (95 MB)",
  requirements: requirementsFile("demo-model"),
  options: ["--no-deps", "--no-compile"],
});

export const formatters = pythonPackages({
  name: "checks",
  title: "clang-format",
  requirements: requirementsFile("checks"),
});
