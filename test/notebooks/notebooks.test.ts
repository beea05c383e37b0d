import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  errorsOf,
  executeNotebook,
  type Notebook,
  notebooksFolder,
  outputsOf,
  readNotebook,
  textOf,
} from "./notebook";

const viewMime = "application/vnd.graphpatch.view.v1+json";
const files = readdirSync(notebooksFolder).filter((file) => file.endsWith(".ipynb"));
const executed = new Map<string, Notebook>();

/** The tokens that `topTokens` printed in a cell, with their probabilities, most probable first. */
function topTokensOf(notebook: Notebook, id: string): [token: string, probability: number][] {
  return [...textOf(notebook, id).matchAll(/^"(.*)"\s+([\d.]+) %$/gm)].map(([, token, percent]) => [
    token,
    Number(percent) / 100,
  ]);
}

describe.each(files)("%s", (file) => {
  it("is committed without outputs, for the graphpatch kernel", () => {
    const notebook = readNotebook(join(notebooksFolder, file));
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
    expect(notebook.metadata.kernelspec?.name).toBe("graphpatch");
    expect(notebook.cells.flatMap((cell) => cell.outputs ?? [])).toEqual([]);
  });

  it("runs from top to bottom without an error", async () => {
    executed.set(file, await executeNotebook(file));
    expect(errorsOf(executed.get(file) as Notebook)).toEqual([]);
  }, 300_000);
});

describe("01-first-patch.ipynb tells the truth", () => {
  let notebook: Notebook;
  beforeAll(() => {
    const done = executed.get("01-first-patch.ipynb");
    if (!done) throw new Error("the notebook did not run");
    notebook = done;
  });

  it("the model expects Paris, as PyTorch with transformers does", () => {
    const top = topTokensOf(notebook, "predict");
    expect(top.map(([token]) => token)).toEqual([" Paris", " Mont", " Mar", " T", " La"]);
    expect(Math.abs(top[0][1] - 0.7015)).toBeLessThan(5e-4);
  });

  it("without the activations of the MLP of layer 22 Paris is not the first choice", () => {
    // transformers with a hook: " T" 0.2751, " Paris" 0.1996, " Mont" 0.0809
    const top = topTokensOf(notebook, "zero");
    expect(top.slice(0, 3).map(([token]) => token)).toEqual([" T", " Paris", " Mont"]);
    expect(top[0][1]).toBeCloseTo(0.2751, 3);
  });

  it("without head 4 of layer 21 Paris falls to 55 %", () => {
    // transformers with a hook: 0.5458
    const [[token, probability]] = topTokensOf(notebook, "head");
    expect(token).toBe(" Paris");
    expect(probability).toBeCloseTo(0.5458, 3);
  });

  it("Adam finds the vector that makes it say Rome; without the patch it says Paris again", () => {
    // the same in PyTorch: 0.9754 after 19 steps, 0.98 with the last one
    const [[token, probability]] = topTokensOf(notebook, "rome");
    expect(token).toBe(" Rome");
    expect(probability).toBeGreaterThan(0.97);
    expect(topTokensOf(notebook, "after")).toEqual(topTokensOf(notebook, "predict"));
  });

  it.each(["probe", "pattern"])(
    "the picture of the cell %s can be seen with and without the extension",
    (id) => {
      const data = outputsOf(notebook, id).find((output) => output.data?.[viewMime])?.data ?? {};
      expect(Object.keys(data)).toEqual(
        expect.arrayContaining([viewMime, "application/vnd.plotly.v1+json", "image/png", "text/plain"]),
      );
      const png = Buffer.from(String(data["image/png"]), "base64");
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(JSON.stringify(data[viewMime])).toContain("Tower");
    },
  );

  it("the loss curve is drawn", () => {
    const data = outputsOf(notebook, "optimise").find((output) => output.data?.["image/png"])?.data ?? {};
    expect(Object.keys(data)).toContain("application/vnd.plotly.v1+json");
  });
});
