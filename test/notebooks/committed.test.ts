import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { notebooksFolder, readNotebook } from "./notebook";

const files = readdirSync(notebooksFolder).filter((file) => file.endsWith(".ipynb"));

describe.each(files)("%s", (file) => {
  const notebook = readNotebook(join(notebooksFolder, file));

  it("is committed without outputs, for the graphpatch kernel", () => {
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
    expect(notebook.metadata.kernelspec?.name).toBe("graphpatch");
    expect(notebook.cells.flatMap((cell) => cell.outputs ?? [])).toEqual([]);
  });

  it("has a test of its own, and its cells have names", () => {
    expect(readdirSync(__dirname)).toContain(file.replace(".ipynb", ".test.ts"));
    const ids = notebook.cells.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z-]+$/);
  });

  it("links to files that are there", () => {
    const texts = notebook.cells
      .filter((cell) => cell.cell_type === "markdown")
      .map(({ source }) => [source].flat().join(""));
    const targets = texts.flatMap((text) => [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target));
    for (const target of targets.filter((link) => !/^https?:/.test(link))) expect(files).toContain(target);
  });
});
