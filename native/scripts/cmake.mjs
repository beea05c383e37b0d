// Building addons that use libtorch with CMake. Building again builds only what changed.
//
// libtorch is taken from $LIBTORCH (a libtorch folder or a Python's torch package), else from the workspace's .venv, else
// from the torch of the machine's own Python.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const workspace = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
const require = createRequire(import.meta.url);

function fail(message) {
  console.error(`build-addon: ${message}`);
  process.exit(1);
}

function isTorch(dir) {
  return existsSync(join(dir, "include", "ATen", "ATen.h")) && existsSync(join(dir, "lib"));
}

/** The torch package in a virtual environment, whichever Python made it. */
function torchOfVenv(venv) {
  const windows = join(venv, "Lib", "site-packages", "torch");
  if (isTorch(windows)) return windows;
  const lib = join(venv, "lib");
  if (!existsSync(lib)) return null;
  for (const python of readdirSync(lib)) {
    const torch = join(lib, python, "site-packages", "torch");
    if (isTorch(torch)) return torch;
  }
  return null;
}

/** The torch of the Python in the path. Found without importing it: its libraries need not load for us to link. */
function torchOfPython() {
  const code =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  for (const python of ["python3", "python"]) {
    const found = spawnSync(python, ["-c", code], { encoding: "utf8" });
    const dir = found.status === 0 ? found.stdout.trim() : "";
    if (dir !== "" && isTorch(dir)) return dir;
  }
  return null;
}

function findTorch() {
  const given = process.env.LIBTORCH;
  if (given) {
    if (isTorch(given)) return resolve(given);
    fail(
      `LIBTORCH=${given} holds no include/ATen/ATen.h and lib/: it should name a libtorch folder or a Python's torch package`,
    );
  }
  return (
    torchOfVenv(join(workspace, ".venv")) ??
    torchOfPython() ??
    fail(
      "libtorch not found. Run `npm run setup` in the workspace, or set LIBTORCH to a libtorch folder or a Python's torch package",
    )
  );
}

function inPath(name) {
  const names = process.platform === "win32" ? [`${name}.exe`] : [name];
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    for (const file of names) if (dir !== "" && existsSync(join(dir, file))) return join(dir, file);
  }
  return null;
}

function findTool(name) {
  const venv = join(workspace, ".venv", process.platform === "win32" ? `Scripts/${name}.exe` : `bin/${name}`);
  return inPath(name) ?? (existsSync(venv) ? venv : null);
}

function packageDir(name) {
  return dirname(require.resolve(`${name}/package.json`));
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: "inherit" });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** The value of a variable in CMake's cache, so that a moved libtorch starts a fresh configuration. */
function cached(build, variable) {
  const cache = join(build, "CMakeCache.txt");
  if (!existsSync(cache)) return null;
  return new RegExp(`^${variable}:\\w+=(.*)$`, "m").exec(readFileSync(cache, "utf8"))?.[1] ?? null;
}

/**
 * Builds an addon that uses libtorch; ends the process where that fails.
 * @param source the folder of its CMakeLists.txt, which is given TORCH_DIR, NODE_ADDON_API_DIR and NODE_API_HEADERS_DIR; what is
 *   built is in its folder `build`
 */
export function buildAddon(source) {
  const build = join(source, "build");
  const torch = findTorch();
  const cmake =
    findTool("cmake") ??
    fail(
      "cmake not found, neither in the PATH nor in .venv. Run `npm run setup`, or install CMake 3.18 or later",
    );

  if (cached(build, "TORCH_DIR") !== torch || !existsSync(join(build, "CMakeFiles"))) {
    const ninja = findTool("ninja");
    const generator = ninja ? ["-G", "Ninja", `-DCMAKE_MAKE_PROGRAM=${ninja}`] : [];
    const fresh = existsSync(join(build, "CMakeCache.txt")) ? [] : generator;
    run(cmake, [
      "-S",
      source,
      "-B",
      build,
      ...fresh,
      `-DTORCH_DIR=${torch}`,
      `-DNODE_ADDON_API_DIR=${packageDir("node-addon-api")}`,
      `-DNODE_API_HEADERS_DIR=${packageDir("node-api-headers")}`,
      "-DCMAKE_BUILD_TYPE=Release",
    ]);
  }
  run(cmake, ["--build", build, "--config", "Release", "--parallel", String(availableParallelism())]);
}
