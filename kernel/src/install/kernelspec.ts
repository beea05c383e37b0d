import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where a kernel spec goes. */
export type Destination = { kind: "user" } | { kind: "sys-prefix" } | { kind: "prefix"; path: string };

export const DEFAULT_NAME = "graphpatch";
const DISPLAY_NAME = "TypeScript (graphpatch)";
const LOGOS = join(__dirname, "..", "..", "kernelspec");

/** The spec as Jupyter reads it. */
export function kernelspec(): object {
  return {
    argv: [process.execPath, join(__dirname, "..", "cli.js"), "launch", "{connection_file}"],
    display_name: DISPLAY_NAME,
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: false },
  };
}

/** Installs the spec. @returns the folder it was written to */
export function installKernelspec(destination: Destination, name = DEFAULT_NAME): string {
  const folder = specFolder(destination, name);
  mkdirSync(folder, { recursive: true });
  cpSync(LOGOS, folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), `${JSON.stringify(kernelspec(), null, 2)}\n`);
  return folder;
}

/** Removes the spec. @returns its folder, or null when there was none */
export function uninstallKernelspec(destination: Destination, name = DEFAULT_NAME): string | null {
  const folder = specFolder(destination, name);
  if (!existsSync(folder)) return null;
  rmSync(folder, { recursive: true });
  return folder;
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
