import { describe, expect, it } from "vitest";
import { type Notebook, outputsOf, runNotebook, tablesOf, topTokensOf, viewMime } from "./notebook";

describe("02-causal-tracing.ipynb tells the truth", () => {
  let notebook: Notebook;
  runNotebook("02-causal-tracing.ipynb", (executed) => {
    notebook = executed;
  });

  /** Of the rows that a cell printed, the largest of one kind. */
  const largest = (id: string, kind: string, value: string) => {
    const rows = tablesOf(notebook, id).filter(({ restored }) => restored === kind);
    return rows.reduce((a, b) => (Number(b[value]) > Number(a[value]) ? b : a));
  };

  it("noise takes Paris away and one state brings it back, as in PyTorch", () => {
    // transformers with hooks and the same noise, torch.randn after torch.manual_seed(0).
    expect(topTokensOf(notebook, "load")[0][1]).toBeCloseTo(0.7015, 3);
    const corrupted = topTokensOf(notebook, "corrupt");
    expect(corrupted.map(([token]) => token)).toEqual([" New", " Ash", " Nova", " San", " El"]);
    expect(corrupted[0][1]).toBeCloseTo(0.0456, 3);
    const [[token, probability]] = topTokensOf(notebook, "one");
    expect(token).toBe(" Paris");
    expect(probability).toBeCloseTo(0.5498, 3);
  });

  it("the trace finds the subject early, the last token late, MLPs early and attention late", () => {
    const states = tablesOf(notebook, "largest").filter(({ restored }) => restored === "states");
    expect(states.map(({ token }) => token)).toEqual([" of", " of", " of", " of"]);
    for (const { layer } of states) expect(Number(layer)).toBeGreaterThan(20);
    const mlp = largest("largest", "mlp", "p( Paris)");
    expect(mlp.token).toBe("iffel");
    expect(Number(mlp.layer)).toBeLessThan(8);
    expect(Number(mlp["p( Paris)"])).toBeGreaterThan(0.2);
    const attention = largest("largest", "attention", "p( Paris)");
    expect(attention.token).toBe(" of");
    expect(Number(attention.layer)).toBeGreaterThan(15);
    for (const { n } of tablesOf(notebook, "largest")) expect(n).toBe("3");
  });

  it("the model knows all of the dozen facts", () => {
    const facts = tablesOf(notebook, "facts");
    expect(facts).toHaveLength(12);
    for (const { answer, "first choice": choice, known } of facts)
      expect([choice, known]).toEqual([answer, "true"]);
  });

  it("over twelve facts the same, beyond chance", () => {
    const mlp = largest("effects", "mlp", "effect");
    expect(mlp.token).toBe("last subject token");
    expect(Number(mlp.layer)).toBeLessThan(8);
    const attention = largest("effects", "attention", "effect");
    expect(attention.token).toBe("last token");
    expect(Number(attention.layer)).toBeGreaterThan(15);
    for (const row of tablesOf(notebook, "effects")) {
      expect(row.n).toBe("12");
      expect(Number(row["adjusted p"])).toBeLessThan(0.05);
      const [low, high] = row.interval.split(" … ").map(Number);
      expect(low).toBeGreaterThan(0);
      expect(Number(row.effect)).toBeGreaterThanOrEqual(low);
      expect(Number(row.effect)).toBeLessThanOrEqual(high);
    }
  });

  it.each(["trace", "average"])("the grids of the cell %s are drawn", (id) => {
    const data = outputsOf(notebook, id).find((output) => output.data?.[viewMime])?.data ?? {};
    expect(Object.keys(data)).toEqual(
      expect.arrayContaining([viewMime, "application/vnd.plotly.v1+json", "image/png", "text/plain"]),
    );
    expect(JSON.stringify(data[viewMime])).toContain('"grid"');
  });
});
