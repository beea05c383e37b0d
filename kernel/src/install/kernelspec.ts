import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { isJsonObject } from "../wire/message";

/** Where a kernel spec goes. */
export type Destination = { kind: "user" } | { kind: "sys-prefix" } | { kind: "prefix"; path: string };

export const DEFAULT_NAME = "graphpatch";
const DISPLAY_NAME = "TypeScript (graphpatch)";
const LOGOS = join(__dirname, "..", "..", "kernelspec");
/** What stands before the connection file in `argv`, by which a spec is known for ours whatever its name. */
const CLI = join(__dirname, "..", "cli.js");
const LAUNCH = "launch";

/** The spec as Jupyter and VS Code read it; VS Code takes `language` for the cells' and interrupts over the shell channel. */
export function kernelspec(): object {
  return {
    argv: [process.execPath, CLI, LAUNCH, "{connection_file}"],
    display_name: DISPLAY_NAME,
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: false },
  };
}

/**
 * Installs the spec. It is made aside and then put in its place whole, so that nobody reads a half of it.
 * @returns the folder it was written to
 * @throws Error for a name that cannot be a folder, or that another kernel has
 */
export function installKernelspec(destination: Destination, name = DEFAULT_NAME): string {
  const folder = specFolder(destination, name);
  refuseForeign(folder, name, "installed over");
  const kernels = dirname(folder);
  mkdirSync(kernels, { recursive: true });
  // Beside `kernels`, where it is on the same disk and Jupyter does not look for specs.
  const aside = mkdtempSync(join(dirname(kernels), ".graphpatch-kernel-"));
  try {
    const made = join(aside, "made");
    cpSync(LOGOS, made, { recursive: true });
    writeFileSync(join(made, "kernel.json"), `${JSON.stringify(kernelspec(), null, 2)}\n`);
    if (existsSync(folder)) renameSync(folder, join(aside, "replaced"));
    renameSync(made, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Removes the spec.
 * @returns its folder, or null when there was none
 * @throws Error when the spec of that name is another kernel's
 */
export function uninstallKernelspec(destination: Destination, name = DEFAULT_NAME): string | null {
  const folder = specFolder(destination, name);
  if (!existsSync(folder)) return null;
  refuseForeign(folder, name, "removed");
  rmSync(folder, { recursive: true });
  return folder;
}

/** @throws Error when `folder` is there and is not ours */
function refuseForeign(folder: string, name: string, verb: string): void {
  if (!existsSync(folder) || isOurs(folder)) return;
  throw new Error(
    `${folder} is not a spec of this kernel and is not ${verb}; choose another name than "${name}" with --name`,
  );
}

function isOurs(folder: string): boolean {
  let spec: unknown;
  try {
    spec = JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8"));
  } catch {
    return false;
  }
  if (!isJsonObject(spec) || !Array.isArray(spec.argv)) return false;
  const [, cli, command] = spec.argv as unknown[];
  return typeof cli === "string" && basename(cli) === basename(CLI) && command === LAUNCH;
}

/** @throws Error for a name that Jupyter would not accept (it becomes a folder) */
function specFolder(destination: Destination, name: string): string {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || /^\.+$/.test(name)) {
    throw new Error(`--name ${JSON.stringify(name)}: only letters, digits, ".", "_" and "-"`);
  }
  return join(dataFolder(destination), "kernels", name);
}

function dataFolder(destination: Destination): string {
  switch (destination.kind) {
    case "prefix":
      return join(resolve(destination.path), "share", "jupyter");
    case "sys-prefix":
      return join(pythonPrefix(), "share", "jupyter");
    case "user":
      return userDataFolder();
  }
}

/** Jupyter's own rule for the user's data folder. */
function userDataFolder(): string {
  if (process.env.JUPYTER_DATA_DIR) return process.env.JUPYTER_DATA_DIR;
  switch (process.platform) {
    case "darwin":
      return join(homedir(), "Library", "Jupyter");
    case "win32":
      return join(process.env.APPDATA ?? join(homedir(), "AppData", "Roaming"), "jupyter");
    default:
      return join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "jupyter");
  }
}

/** `sys.prefix` of the Python that is found first. @throws Error when there is none */
function pythonPrefix(): string {
  for (const python of ["python3", "python"]) {
    try {
      return execFileSync(python, ["-c", "import sys; print(sys.prefix)"], { encoding: "utf8" }).trim();
    } catch {
      // The next name may be there.
    }
  }
  throw new Error("--sys-prefix: no python3 or python on the PATH; give the folder with --prefix DIR");
}
