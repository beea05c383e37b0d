// @ts-check
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** JupyterLab's defaults in this environment. The news pop-up would ask about a feed fetched from the internet at every start. */
const wanted = { "@jupyterlab/apputils-extension:notification": { fetchNews: "false" } };

/** @type {import("../plan.mjs").Step} */
export const labSettings = {
  name: "lab-settings",
  title: "JupyterLab settings in .venv",
  inputs: () => JSON.stringify(wanted).length.toString(),
  isIntact(context) {
    const present = read(file(context));
    return Object.entries(wanted).every(
      ([plugin, value]) => JSON.stringify(present[plugin]) === JSON.stringify(value),
    );
  },
  async run(context) {
    const path = file(context);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...read(path), ...wanted }, null, 2)}\n`);
  },
};

/** @param {import("../context.mjs").Context} context */
function file(context) {
  return join(context.venv, "share", "jupyter", "lab", "settings", "overrides.json");
}

/**
 * @param {string} path
 * @returns {Record<string, unknown>} what is set there; nothing when the file was cut short
 */
function read(path) {
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  } catch {
    return {};
  }
}
