// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.mjs";
import { networkAdvice, runLogged } from "../process.mjs";

/**
 * A step that installs a package-lock.json with `npm ci`, which empties node_modules first: an interrupted one leaves nothing
 * behind that the next would trust.
 * @param {object} settings
 * @param {string} settings.name
 * @param {string} settings.title
 * @param {string} settings.folder relative to the checkout
 * @param {string[]} [settings.manifests] package.json files that the lock is made from, relative to the checkout
 * @param {NodeJS.ProcessEnv} [settings.env] further environment variables
 * @returns {import("../plan.mjs").Step}
 */
export function nodeModules({ name, title, folder, manifests = [], env = {} }) {
  return {
    name,
    title,
    inputs: (context) =>
      fingerprint(
        context.root,
        [join(folder, "package.json"), join(folder, "package-lock.json"), ...manifests],
        // packages may hold one binary a platform
        [context.platform, process.arch],
      ),
    // npm writes this file last
    isIntact: (context) => existsSync(join(context.root, folder, "node_modules", ".package-lock.json")),
    run: (context, { log, onLine }) =>
      runLogged("npm", ["ci", "--no-audit", "--no-fund"], {
        cwd: join(context.root, folder),
        env: { ...context.env, ...env },
        log,
        onLine,
        failure: "npm ci failed",
        advise: networkAdvice,
      }),
  };
}

export const workspaceModules = nodeModules({
  name: "node-modules",
  title: "Node modules",
  folder: ".",
  manifests: ["native/package.json", "kernel/package.json", "extension/package.json"],
});
