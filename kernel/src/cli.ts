#!/usr/bin/env node
import { parseArgs } from "node:util";
import { DEFAULT_NAME, type Destination, installKernelspec, uninstallKernelspec } from "./install/kernelspec";
import { KERNEL_VERSION } from "./kernelInfo";
import { launch } from "./launch";

const USAGE = `usage: graphpatch-kernel install [--user | --sys-prefix | --prefix DIR] [--name NAME]
       graphpatch-kernel uninstall [--user | --sys-prefix | --prefix DIR] [--name NAME]
       graphpatch-kernel launch CONNECTION_FILE
       graphpatch-kernel --version

install makes the kernel known to Jupyter: for this user (the default), for the Python environment in use
(--sys-prefix), or below a folder (--prefix).`;

function main(args: string[]): void {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      user: { type: "boolean" },
      "sys-prefix": { type: "boolean" },
      prefix: { type: "string" },
      name: { type: "string", default: DEFAULT_NAME },
      version: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [command, file, ...more] = positionals;
  if (values.version) console.log(KERNEL_VERSION);
  else if (values.help) console.log(USAGE);
  else if (command === "launch" && file && more.length === 0) launch(file);
  else if (file !== undefined) fail(USAGE);
  else if (command === "install") {
    console.log(`installed ${values.name} in ${installKernelspec(destinationOf(values), values.name)}`);
  } else if (command === "uninstall") {
    const folder = uninstallKernelspec(destinationOf(values), values.name);
    console.log(folder ? `removed ${folder}` : `there is no ${values.name} to remove`);
  } else fail(USAGE);
}

function destinationOf(values: { user?: boolean; "sys-prefix"?: boolean; prefix?: string }): Destination {
  const given = [values.user, values["sys-prefix"], values.prefix !== undefined].filter(Boolean).length;
  if (given > 1) throw new Error("give one of --user, --sys-prefix and --prefix");
  if (values.prefix !== undefined) return { kind: "prefix", path: values.prefix };
  return { kind: values["sys-prefix"] ? "sys-prefix" : "user" };
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 2;
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail(`graphpatch-kernel: ${error instanceof Error ? error.message : String(error)}`);
}
