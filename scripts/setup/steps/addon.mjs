// @ts-check
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetupError } from "../errors.mjs";
import { fingerprint } from "../fingerprint.mjs";
import { libtorchFolder } from "../libtorch.mjs";
import { output, runLogged } from "../process.mjs";
import { buildEnvironment } from "./buildTools.mjs";

/**
 * A part of the set-up that builds a C++ addon with CMake. CMake itself knows what to compile again; the fingerprint only spares asking
 * it.
 * @param {object} addon
 * @param {string} addon.name
 * @param {string} addon.title
 * @param {string} addon.folder that its CMakeLists.txt is in
 * @param {string} addon.product what is built, in its folder `build`
 * @param {readonly string[]} addon.sources
 * @param {readonly string[]} addon.command builds it
 * @returns {import("../plan.mjs").Step}
 */
export function cmakeAddon({ name, title, folder, product, sources, command: [program, ...args] }) {
  return {
    name,
    title,
    inputs: (context) =>
      fingerprint(
        context.root,
        [...sources, "native/scripts"],
        // the build folder and the addon hold absolute paths
        [context.root, libtorchFolder(context) ?? "", libtorchVersion(context)],
      ),
    isIntact: (context) => existsSync(join(context.root, folder, "build", product)),
    require: checkCompiler,
    async run(context, { log, onLine }) {
      const build = join(context.root, folder, "build");
      if (!isUsable(build, join(context.root, folder))) rmSync(build, { recursive: true, force: true });
      const libtorch = libtorchFolder(context);
      await runLogged(program, args, {
        cwd: context.root,
        env: { ...buildEnvironment(context), ...(libtorch ? { LIBTORCH: libtorch } : {}) },
        log,
        onLine,
        failure: `${product} could not be built`,
        advise: (text) =>
          /Killed signal|internal compiler error: Killed|out of memory/i.test(text)
            ? [
                "The compiler ran out of memory. Close other programs, or build with fewer jobs: CMAKE_BUILD_PARALLEL_LEVEL=1.",
              ]
            : [],
      });
    },
  };
}

/** The C++ addon. */
export const addon = cmakeAddon({
  name: "addon",
  title: "Native addon (C++; some minutes the first time)",
  folder: "native",
  product: "graphpatch.node",
  sources: ["native/src", "native/CMakeLists.txt", "native/package.json"],
  command: ["npm", "run", "build:addon", "--workspace", "@graphpatch/native"],
});

/**
 * @param {import("../context.mjs").Context} context
 * @returns {string}
 */
function libtorchVersion(context) {
  const folder = libtorchFolder(context);
  const header = folder && join(folder, "include", "torch", "headeronly", "version.h");
  return header && existsSync(header) ? readFileSync(header, "utf8") : "";
}

/**
 * Whether CMake can go on in a build folder: not where configuring was cut short, nor where the folder came along with a
 * checkout that was moved.
 * @param {string} build
 * @param {string} source
 */
function isUsable(build, source) {
  const cache = join(build, "CMakeCache.txt");
  if (!existsSync(cache)) return false;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, "utf8"));
  const configured = ["build.ninja", "Makefile", "graphpatch.sln", "graphpatch.slnx"].some((file) =>
    existsSync(join(build, file)),
  );
  return configured && home?.[1] === source.replaceAll("\\", "/");
}

/**
 * @param {import("../context.mjs").Context} context
 * @throws {SetupError} when no C++20 compiler is found
 */
export function checkCompiler(context) {
  // on Windows CMake finds Visual Studio by itself, and says so when there is none
  if (context.platform === "win32") return;
  const names = context.env.CXX ? [context.env.CXX] : ["c++", "g++", "clang++"];
  const present = names.filter((name) => output(name, ["--version"], context.env) !== null);
  const folder = mkdtempSync(join(tmpdir(), "graphpatch-"));
  try {
    const source = join(folder, "probe.cc");
    writeFileSync(
      source,
      "#include <concepts>\n#include <span>\nstatic_assert(std::integral<int>);\nint main() {}\n",
    );
    if (present.some((name) => output(name, ["-std=c++20", "-fsyntax-only", source], context.env) !== null))
      return;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  throw new SetupError(
    present.length > 0
      ? `the C++ compiler (${present.join(", ")}) does not know C++20.`
      : `no C++ compiler was found (looked for ${names.join(", ")}).`,
    {
      advice: [
        "A C++20 compiler is needed to build the addon: GCC 11, Clang 14, or later.",
        "Debian and Ubuntu: apt-get install g++. macOS: xcode-select --install.",
        "Another compiler is used with CXX=/path/to/compiler.",
      ],
    },
  );
}
