// @ts-check
import { existsSync, lstatSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** Makes the built extension known to the virtual environment's JupyterLab. */
/** @type {import("../plan.mjs").Step} */
export const labExtension = {
  name: "lab-extension",
  title: "JupyterLab extension in .venv",
  inputs: () => "1",
  isIntact(context) {
    const { link, target } = paths(context);
    return existsSync(link) && existsSync(target) && realpathSync(link) === realpathSync(target);
  },
  async run(context) {
    const { link, target } = paths(context);
    mkdirSync(dirname(link), { recursive: true });
    if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link, { recursive: true });
    // a link, so that a new build is seen at the next page load
    symlinkSync(target, link, "junction");
  },
};

/** @param {import("../context.mjs").Context} context */
function paths(context) {
  return {
    link: join(context.venv, "share", "jupyter", "labextensions", "@graphpatch", "jupyterlab"),
    target: join(context.root, "extension", "labextension"),
  };
}
