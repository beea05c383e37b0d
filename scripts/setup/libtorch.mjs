// @ts-check
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SetupError } from "./errors.mjs";
import { output } from "./process.mjs";
import { sitePackages } from "./python.mjs";

/** @typedef {import("./context.mjs").Context} Context */

/**
 * The libtorch that the user gave, or null: `LIBTORCH` is its folder, `LIBTORCH_PYTHON` a Python whose torch is to be used.
 * @param {Context} context
 * @returns {string | null}
 * @throws {SetupError} when what was given is no libtorch
 */
export function givenLibtorch(context) {
  const { LIBTORCH: folder, LIBTORCH_PYTHON: python } = context.env;
  if (folder) {
    const path = resolve(folder);
    if (isLibtorch(path, context)) return path;
    throw new SetupError(
      `LIBTORCH=${folder} is no libtorch: it has no ${libraryName(context)} in lib, or no include folder.`,
      {
        advice: [
          "Give the folder that holds lib and include, or leave LIBTORCH out: the set-up then installs its own.",
        ],
      },
    );
  }
  if (python) {
    // find_spec does not run torch, which would need all its CUDA packages
    const code =
      "import importlib.util, os; print(os.path.dirname(importlib.util.find_spec('torch').origin))";
    const path = output(python, ["-c", code], context.env);
    if (path && isLibtorch(path, context)) return path;
    throw new SetupError(`LIBTORCH_PYTHON=${python} has no torch to use.`, {
      advice: [
        "Give a Python in which torch is installed, or leave LIBTORCH_PYTHON out: the set-up then installs its own.",
      ],
    });
  }
  return null;
}

/**
 * The libtorch that the addon is built with.
 * @param {Context} context
 * @returns {string | null} null while it is not installed
 */
export function libtorchFolder(context) {
  const given = givenLibtorch(context);
  if (given) return given;
  const site = sitePackages(context);
  const folder = site && join(site.folder, "torch");
  return folder && isLibtorch(folder, context) ? folder : null;
}

/**
 * Whether the CPU library of this torch wheel asks for CUDA's runtime library: so it does in a CUDA build, whatever the machine.
 * @param {string} folder
 */
export function needsCudaLibraries(folder) {
  return existsSync(join(folder, "lib", "libtorch_cuda.so"));
}

/**
 * @param {string} folder
 * @param {Context} context
 */
function isLibtorch(folder, context) {
  return (
    existsSync(join(folder, "lib", libraryName(context))) &&
    existsSync(join(folder, "include", "ATen", "ATen.h"))
  );
}

/** @param {Context} context */
function libraryName(context) {
  return (
    { win32: "torch_cpu.dll", darwin: "libtorch_cpu.dylib" }[String(context.platform)] ?? "libtorch_cpu.so"
  );
}
