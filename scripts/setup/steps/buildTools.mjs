// @ts-check
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { venvPrograms } from "../context.mjs";
import { output } from "../process.mjs";
import { hasRequirements, pipInstall } from "../python.mjs";
import { requirementsFile } from "./pythonPackages.mjs";

const requirements = requirementsFile("build-tools");

/** CMake and a build program: the machine's own where they are good enough, else from PyPI into the virtual environment. */
/** @type {import("../plan.mjs").Step} */
export const buildTools = {
  name: "build-tools",
  title: "CMake",
  inputs: () => readFileSync(requirements, "utf8").length.toString(),
  isIntact: (context) => hasRequirements(context, requirements) || machineHasBuildTools(context),
  run: async (context, run) => {
    if (!machineHasBuildTools(context)) await pipInstall(context, requirements, run);
  },
};

/**
 * The environment that the addon is built in: the virtual environment's CMake first, where it has one.
 * @param {import("../context.mjs").Context} context
 * @returns {NodeJS.ProcessEnv}
 */
export function buildEnvironment(context) {
  if (!hasRequirements(context, requirements)) return context.env;
  const separator = context.platform === "win32" ? ";" : ":";
  return { ...context.env, PATH: `${venvPrograms(context)}${separator}${context.env.PATH ?? ""}` };
}

/** @param {import("../context.mjs").Context} context */
function machineHasBuildTools(context) {
  const cmake = /cmake version (\d+)\.(\d+)/.exec(output("cmake", ["--version"], context.env) ?? "");
  if (!cmake) return false;
  const [wantedMajor, wantedMinor] = neededCMake(context.root);
  const [major, minor] = [Number(cmake[1]), Number(cmake[2])];
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) return false;
  if (context.platform === "win32") return true;
  return ["ninja", "make"].some((program) => output(program, ["--version"], context.env) !== null);
}

/**
 * @param {string} root
 * @returns {[number, number]} what native/CMakeLists.txt asks for
 */
function neededCMake(root) {
  const file = join(root, "native", "CMakeLists.txt");
  const wanted =
    existsSync(file) && /cmake_minimum_required\(VERSION (\d+)\.(\d+)/i.exec(readFileSync(file, "utf8"));
  return wanted ? [Number(wanted[1]), Number(wanted[2])] : [3, 18];
}
