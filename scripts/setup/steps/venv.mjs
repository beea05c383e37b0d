// @ts-check
import { existsSync, rmSync } from "node:fs";
import { runLogged } from "../process.mjs";
import { findPython, sitePackages } from "../python.mjs";

/** The project's own virtual environment: nothing is installed outside the checkout. */
/** @type {import("../plan.mjs").Step} */
export const venv = {
  name: "venv",
  title: "Python environment (.venv)",
  inputs: () => "1",
  isIntact: (context) => existsSync(context.python) && sitePackages(context) !== null,
  require: (context) => {
    if (!venv.isIntact(context)) findPython(context);
  },
  async run(context, { interrupted, log, onLine }) {
    if (!interrupted && venv.isIntact(context)) return;
    const python = findPython(context);
    rmSync(context.venv, { recursive: true, force: true });
    await runLogged(python, ["-m", "venv", context.venv], {
      log,
      onLine,
      env: context.env,
      failure: "the virtual environment could not be made",
      advise: () => ["Debian and Ubuntu: apt-get install python3-venv."],
    });
  },
};
