// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { networkAdvice, output, runLogged } from "./process.mjs";

/** @typedef {import("./context.mjs").Context} Context */

const probe = `import json, sys
missing = []
for name in ("venv", "ensurepip"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
print(json.dumps({"version": list(sys.version_info[:2]), "missing": missing}))`;

/**
 * The machine's Python to make the virtual environment with: `$PYTHON`, or the first good one on the path.
 * @param {Context} context
 * @returns {string}
 * @throws {SetupError} when there is none that is new enough and has the venv module
 */
export function findPython(context) {
  const given = context.env.PYTHON;
  const names = given ? [given] : context.platform === "win32" ? ["python", "py"] : ["python3", "python"];
  /** @type {string[]} */
  const found = [];
  for (const name of names) {
    const answer = output(name, ["-c", probe], context.env);
    if (answer === null) continue;
    const { version, missing } = JSON.parse(answer);
    const [major, minor] = version;
    if (major < 3 || (major === 3 && minor < 10)) {
      found.push(`${name} is Python ${major}.${minor}`);
    } else if (missing.length > 0) {
      found.push(`${name} (Python ${major}.${minor}) lacks the module ${missing.join(" and ")}`);
    } else {
      return name;
    }
  }
  throw new SetupError(
    found.length > 0
      ? `no usable Python: ${found.join("; ")}.`
      : `no Python was found (looked for ${names.join(", ")}).`,
    {
      advice: [
        "Python 3.10 or later with its venv module is needed, to run JupyterLab and to install libtorch.",
        "Debian and Ubuntu: apt-get install python3 python3-venv. macOS: brew install python.",
        "Another Python is used with PYTHON=/path/to/python.",
      ],
    },
  );
}

/**
 * @param {Context} context
 * @returns {{ folder: string, minor: number } | null} site-packages of the virtual environment, and the Python 3 minor version
 */
export function sitePackages(context) {
  if (context.platform === "win32") {
    const folder = join(context.venv, "Lib", "site-packages");
    const version = /^version\s*=\s*3\.(\d+)/m.exec(readIfThere(join(context.venv, "pyvenv.cfg")));
    return existsSync(folder) && version ? { folder, minor: Number(version[1]) } : null;
  }
  const lib = join(context.venv, "lib");
  const version = existsSync(lib) ? readdirSync(lib).find((name) => /^python3\.\d+$/.test(name)) : undefined;
  return version
    ? { folder: join(lib, version, "site-packages"), minor: Number(version.slice("python3.".length)) }
    : null;
}

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/**
 * Whether the virtual environment has each `name==version` of a requirements file.
 * @param {Context} context
 * @param {string} requirements path of the file
 */
export function hasRequirements(context, requirements) {
  const site = sitePackages(context);
  if (!site) return false;
  return pinsOf(readFileSync(requirements, "utf8")).every(({ name, version }) =>
    existsSync(join(site.folder, `${name.replace(/[-.]+/g, "_")}-${version}.dist-info`, "RECORD")),
  );
}

/**
 * @param {string} text of a requirements file that pins each package
 * @returns {{ name: string, version: string }[]}
 */
export function pinsOf(text) {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => {
      const pin = /^([\w.-]+)==([\w.]+)$/.exec(line);
      if (!pin) throw new Error(`not a pinned requirement: ${line}`);
      return { name: pin[1], version: pin[2] };
    });
}

/**
 * @param {Context} context
 * @param {string} requirements path of the file
 * @param {import("./plan.mjs").StepRun} run
 * @param {{ options?: string[], append?: boolean }} [settings] further options of `pip install`
 * @throws {SetupError}
 */
export async function pipInstall(context, requirements, run, { options = [], append = false } = {}) {
  const args = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  // pip takes a package whose copying was cut short for installed: after an interruption everything is written again
  if (run.interrupted) args.push("--ignore-installed");
  await runLogged(context.python, [...args, ...options, "-r", requirements], {
    log: run.log,
    append,
    cwd: context.root,
    env: context.env,
    onLine: run.onLine,
    failure: `pip could not install ${pinsOf(readFileSync(requirements, "utf8"))
      .map(({ name, version }) => `${name} ${version}`)
      .join(", ")}`,
    advise: networkAdvice,
  });
}
