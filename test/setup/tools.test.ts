import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Context } from "../../scripts/setup/context.mjs";
import { checkNode, startSteps, startStepsWithCuda } from "../../scripts/setup/index.mjs";
import { givenLibtorch, libtorchFolder, needsCudaLibraries } from "../../scripts/setup/libtorch.mjs";
import { findPython } from "../../scripts/setup/python.mjs";
import { checkCompiler } from "../../scripts/setup/steps/addon.mjs";
import { chromium } from "../../scripts/setup/steps/chromium.mjs";
import { cudaLibraries } from "../../scripts/setup/steps/cudaLibraries.mjs";
import { fakeProgram, scratchContext, write } from "./scratch";

describe("Node", () => {
  it("must be 20.19 or later", () => {
    expect(() => checkNode("18.20.4")).toThrow("Node 18.20.4 is too old");
    expect(() => checkNode("20.18.0")).toThrow("too old");
    for (const version of ["20.19.0", "22.0.0", "24.3.1"]) checkNode(version);
  });
});

describe("Python", () => {
  const answer = (version: string, missing: string) =>
    `echo '{"version": ${version}, "missing": ${missing}}'`;

  it("is told to be missing", () => {
    expect(() => findPython(scratchContext())).toThrow("no Python was found (looked for python3, python)");
  });

  it("is told to be too old, or without its venv module", () => {
    const context = scratchContext();
    fakeProgram(context, "python3", answer("[3, 9]", "[]"));
    fakeProgram(context, "python", answer("[3, 12]", '["ensurepip"]'));
    expect(() => findPython(context)).toThrow(
      "no usable Python: python3 is Python 3.9; python (Python 3.12) lacks the module ensurepip.",
    );
  });

  it("is the first good one, or the one in $PYTHON alone", () => {
    const context = scratchContext();
    fakeProgram(context, "python3", answer("[3, 9]", "[]"));
    fakeProgram(context, "python", answer("[3, 10]", "[]"));
    expect(findPython(context)).toBe("python");
    const given = { ...context, env: { ...context.env, PYTHON: "python3.99" } };
    expect(() => findPython(given)).toThrow("looked for python3.99");
  });
});

describe("the C++ compiler", () => {
  it("is told to be missing, with what to install", () => {
    const error = catchError(() => checkCompiler(scratchContext()));
    expect(error.message).toBe("no C++ compiler was found (looked for c++, g++, clang++).");
    expect(error.describe()).toContain("apt-get install g++");
  });

  it("is told not to know C++20", () => {
    const context = scratchContext();
    fakeProgram(context, "g++", 'test "$1" = --version');
    expect(() => checkCompiler(context)).toThrow("the C++ compiler (g++) does not know C++20");
  });

  it("passes when it compiles C++20", () => {
    const context = scratchContext();
    fakeProgram(context, "clang++", "exit 0");
    checkCompiler(context);
  });
});

describe("libtorch", () => {
  it("that the user gave is taken, or refused with what it lacks", () => {
    const context = scratchContext();
    const folder = join(context.root, "libtorch");
    const given = { ...context, platform: "linux" as const, env: { LIBTORCH: folder } };
    expect(() => givenLibtorch(given)).toThrow(
      `LIBTORCH=${folder} is no libtorch: it has no libtorch_cpu.so in lib`,
    );
    write(join(folder, "lib", "libtorch_cpu.so"), "");
    write(join(folder, "include", "ATen", "ATen.h"), "");
    expect(libtorchFolder(given)).toBe(folder);
  });

  it("of another Python is refused when that Python has none", () => {
    const context = scratchContext({ LIBTORCH_PYTHON: "python3" });
    fakeProgram(context, "python3", "exit 1");
    expect(() => givenLibtorch(context)).toThrow("LIBTORCH_PYTHON=python3 has no torch to use");
  });

  it("needs CUDA's runtime library exactly where the wheel is a CUDA build", () => {
    const { root } = scratchContext();
    expect(needsCudaLibraries(root)).toBe(false);
    write(join(root, "lib", "libtorch_cuda.so"), "");
    expect(needsCudaLibraries(root)).toBe(true);
  });
});

describe("CUDA's libraries", () => {
  const linux = (env: NodeJS.ProcessEnv = {}) => ({ ...scratchContext(env), platform: "linux" as const });
  const run = { interrupted: false, log: "", onLine: () => {} };

  it("come after libtorch, and only when asked for", () => {
    const names = startStepsWithCuda.map(({ name }) => name);
    expect(names.indexOf("cuda-libraries")).toBe(names.indexOf("libtorch") + 1);
    expect(names.filter((name) => name !== "cuda-libraries")).toEqual(startSteps.map(({ name }) => name));
  });

  it("are refused where they are of no use", async () => {
    const require = (context: Context) => cudaLibraries.require?.(context);
    require(linux());
    expect(() => require({ ...linux(), platform: "darwin" })).toThrow("CUDA is supported on Linux only");
    const given = linux();
    write(join(given.root, "torch", "lib", "libtorch_cpu.so"), "");
    write(join(given.root, "torch", "include", "ATen", "ATen.h"), "");
    given.env = { LIBTORCH: join(given.root, "torch") };
    expect(() => require(given)).toThrow("LIBTORCH gives another one");
    await expect(cudaLibraries.run(linux(), run)).rejects.toThrow("has no CUDA in it");
  });
});

describe("Chromium", () => {
  it("is found in the path; without root or apt-get its absence is an error", () => {
    const context = scratchContext();
    expect(() => chromium.require?.(context)).toThrow("the browser tests need Chromium or Chrome");
    fakeProgram(context, "google-chrome", "exit 0");
    expect(chromium.isIntact(context)).toBe(true);
    chromium.require?.(context);
  });
});

function catchError(body: () => void): Error & { describe(): string } {
  try {
    body();
  } catch (error) {
    return error as Error & { describe(): string };
  }
  throw new Error("nothing was thrown");
}
