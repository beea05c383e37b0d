import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createContext } from "../../scripts/setup/context.mjs";
import { givenLibtorch, libtorchFolder, needsCudaLibraries } from "../../scripts/setup/libtorch.mjs";
import { pinsOf } from "../../scripts/setup/python.mjs";
import { requirementsFile } from "../../scripts/setup/steps/pythonPackages.mjs";

const context = createContext();
const torch = libtorchFolder(context) ?? "";

/** Pinned versions by package. */
function pins(name: string): Map<string, string> {
  const list = pinsOf(readFileSync(requirementsFile(name), "utf8"));
  return new Map(list.map((pin) => [pin.name, pin.version]));
}

/** What the installed wheel says of itself. */
function metadata(): string {
  const packages = dirname(torch);
  const info = readdirSync(packages).find((name) => /^torch-.*\.dist-info$/.test(name)) ?? "";
  return readFileSync(join(packages, info, "METADATA"), "utf8");
}

// A libtorch that was given brings its own; wheels of other platforms have no CUDA.
describe.skipIf(givenLibtorch(context) !== null || !needsCudaLibraries(torch))("CUDA's libraries", () => {
  const libraries = pins("cuda-libraries");
  const runtime = pins("libtorch-cuda");

  it("are those that the torch wheel names", () => {
    const named = [...metadata().matchAll(/^Requires-Dist: (nvidia-[\w-]+)==([\w.]+);/gm)];
    expect(named.length).toBeGreaterThan(2);
    for (const [, name, version] of named) expect(libraries.get(name), name).toBe(version);
  });

  it("are of the CUDA that the wheel was built with", () => {
    const [, cuda] = /^cuda: .*= '(\d+\.\d+)'$/m.exec(readFileSync(join(torch, "version.py"), "utf8")) ?? [];
    expect(metadata()).toContain(`==${cuda}.`);
    const own = [
      runtime.get("nvidia-cuda-runtime"),
      runtime.get("nvidia-cuda-cupti"),
      libraries.get("nvidia-cuda-nvrtc"),
    ];
    for (const version of own) expect(version?.split(".").slice(0, 2).join(".")).toBe(cuda);
  });
});
