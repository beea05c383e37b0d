// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.mjs";
import { runLogged } from "../process.mjs";

/** Installs the kernel into the virtual environment with its own installer. */
/** @type {import("../plan.mjs").Step} */
export const kernelSpec = {
  name: "kernel-spec",
  title: "graphpatch kernel in .venv",
  // the spec names this Node and this checkout
  inputs: (context) =>
    fingerprint(
      context.root,
      ["kernel/kernelspec", "kernel/package.json", "kernel/src/cli.ts", "kernel/src/install"],
      [process.execPath, context.root],
    ),
  isIntact: (context) =>
    existsSync(join(context.venv, "share", "jupyter", "kernels", "graphpatch", "kernel.json")),
  run: (context, { log, onLine }) =>
    runLogged(process.execPath, [join("kernel", "dist", "cli.js"), "install", "--prefix", context.venv], {
      cwd: context.root,
      env: context.env,
      log,
      onLine,
      failure: "the kernel could not be installed",
    }),
};
