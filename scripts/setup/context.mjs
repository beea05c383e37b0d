// @ts-check
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where everything is. Made once per run and handed to every step, so that tests can point it at a temporary folder.
 * @typedef {object} Context
 * @property {string} root the checkout
 * @property {string} venv the project's own virtual environment
 * @property {string} python its interpreter
 * @property {string} state stamps, logs and the lock of the set-up
 * @property {NodeJS.ProcessEnv} env the environment that tools are started with
 * @property {NodeJS.Platform} platform
 */

export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * @param {Partial<Context>} [overrides]
 * @returns {Context}
 */
export function createContext(overrides = {}) {
  const root = overrides.root ?? projectRoot;
  const platform = overrides.platform ?? process.platform;
  const venv = overrides.venv ?? join(root, ".venv");
  return {
    root,
    platform,
    venv,
    python: overrides.python ?? venvPython(venv, platform),
    state: overrides.state ?? join(root, ".setup"),
    env: overrides.env ?? process.env,
  };
}

/**
 * @param {string} venv
 * @param {NodeJS.Platform} platform
 */
function venvPython(venv, platform) {
  return platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
}

/**
 * The folder of the virtual environment's programs.
 * @param {Context} context
 */
export function venvPrograms(context) {
  return dirname(context.python);
}
