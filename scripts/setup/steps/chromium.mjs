// @ts-check
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "../errors.mjs";
import { networkAdvice, output, runLogged } from "../process.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The browser of the browser tests: `$CHROMIUM`, or the first Chromium or Chrome on the path.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 */
export function findChromium(env) {
  const candidates = env.CHROMIUM
    ? [env.CHROMIUM]
    : (env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return candidates.find(isProgram) ?? null;
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {import("../context.mjs").Context} context */
function canInstall(context) {
  return (
    context.platform === "linux" &&
    process.getuid?.() === 0 &&
    output("apt-get", ["--version"], context.env) !== null
  );
}

/** A browser for the tests; installed from Debian's packages only where we are root (a container, CI). */
/** @type {import("../plan.mjs").Step} */
export const chromium = {
  name: "chromium",
  title: "Chromium",
  inputs: () => "1",
  isIntact: (context) => findChromium(context.env) !== null,
  require(context) {
    if (chromium.isIntact(context) || canInstall(context)) return;
    throw new SetupError("the browser tests need Chromium or Chrome, and none was found.", {
      advice: [
        "Debian and Ubuntu: apt-get install chromium. Elsewhere install Chrome, or give its path with CHROMIUM=/path.",
      ],
    });
  },
  async run(context, { log, onLine }) {
    if (chromium.isIntact(context)) return;
    const env = { ...context.env, DEBIAN_FRONTEND: "noninteractive" };
    const options = {
      log,
      onLine,
      env,
      failure: "apt-get could not install chromium",
      advise: networkAdvice,
    };
    await runLogged("apt-get", ["update"], options);
    const install = ["-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", "chromium"];
    await runLogged("apt-get", install, { ...options, append: true });
  },
};
