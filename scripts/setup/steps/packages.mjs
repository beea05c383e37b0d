// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.mjs";
import { libtorchFolder } from "../libtorch.mjs";
import { runLogged } from "../process.mjs";
import { addon } from "./addon.mjs";
import { buildEnvironment } from "./buildTools.mjs";

const sources = [
  "tsconfig.base.json",
  "lerna.json",
  "native/lib",
  "native/tsconfig.json",
  "native/package.json",
  "kernel/src",
  "kernel/kernelspec",
  "kernel/tsconfig.json",
  "kernel/package.json",
  "extension/src",
  "extension/style",
  "extension/schema",
  "extension/tsconfig.json",
  "extension/package.json",
];

const results = ["native/dist/index.js", "kernel/dist/cli.js", "extension/labextension/package.json"];

/** Generated operators, TypeScript of all packages, and the JupyterLab extension. */
/** @type {import("../plan.mjs").Step} */
export const packages = {
  name: "packages",
  title: "TypeScript packages and JupyterLab extension",
  inputs: (context) => fingerprint(context.root, sources, [addon.inputs(context)]),
  isIntact: (context) => results.every((file) => existsSync(join(context.root, file))),
  run(context, { log, onLine }) {
    const libtorch = libtorchFolder(context);
    return runLogged(join(context.root, "node_modules", ".bin", "lerna"), ["run", "build", "--stream"], {
      cwd: context.root,
      env: {
        ...buildEnvironment(context),
        ...(libtorch ? { LIBTORCH: libtorch } : {}),
        // lerna runs tasks through nx: no background process, and no cache, since the steps know what has changed
        NX_DAEMON: "false",
        NX_SKIP_NX_CACHE: "true",
      },
      log,
      onLine,
      failure: "the packages could not be built",
    });
  },
};
