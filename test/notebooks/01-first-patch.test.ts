import { describe, expect, it } from "vitest";
import { type Notebook, outputsOf, runNotebook, topTokensOf, viewMime } from "./notebook";

describe("01-first-patch.ipynb tells the truth", () => {
  let notebook: Notebook;
  runNotebook("01-first-patch.ipynb", (executed) => {
    notebook = executed;
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
