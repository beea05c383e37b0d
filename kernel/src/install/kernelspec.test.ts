import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { installKernelspec, uninstallKernelspec } from "./kernelspec";

const path = mkdtempSync(join(tmpdir(), "graphpatch-spec-"));
afterAll(() => rmSync(path, { recursive: true }));

it("is installed below a prefix, with logos, and removed again", () => {
  const folder = installKernelspec({ kind: "prefix", path }, "other");
  expect(folder).toBe(join(path, "share", "jupyter", "kernels", "other"));
  const spec = JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8"));
  expect(spec).toMatchObject({
    language: "typescript",
    interrupt_mode: "message",
    display_name: "TypeScript (graphpatch)",
  });
  expect(spec.argv.slice(-2)).toEqual(["launch", "{connection_file}"]);
  for (const logo of ["logo-svg.svg", "logo-32x32.png", "logo-64x64.png"])
    expect(existsSync(join(folder, logo))).toBe(true);
  expect(uninstallKernelspec({ kind: "prefix", path }, "other")).toBe(folder);
  expect(uninstallKernelspec({ kind: "prefix", path }, "other")).toBeNull();
});

it("refuses a name that leads out of the folder", () => {
  expect(() => installKernelspec({ kind: "prefix", path }, "../x")).toThrow("only letters");
});
