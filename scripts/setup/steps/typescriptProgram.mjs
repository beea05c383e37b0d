// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.mjs";
import { runLogged } from "../process.mjs";
import { packages } from "./packages.mjs";

/**
 * A step that compiles a script written in TypeScript against the built packages.
 * @param {object} settings
 * @param {string} settings.name
 * @param {string} settings.folder with its tsconfig.json and sources, relative to the checkout; compiled into its `dist`
 * @param {string} settings.main source file that is run, without its ending
 * @returns {import("../plan.mjs").Step}
 */
export function typescriptProgram({ name, folder, main }) {
  return {
    name,
    title: `${folder} (TypeScript)`,
    inputs: (context) =>
      fingerprint(context.root, [folder, "tsconfig.base.json"], [packages.inputs(context)]),
    isIntact: (context) => existsSync(join(context.root, folder, "dist", `${main}.js`)),
    run: (context, { log, onLine }) =>
      runLogged(process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", folder], {
        cwd: context.root,
        env: context.env,
        log,
        onLine,
        failure: `${folder} could not be compiled`,
      }),
  };
}
