import { describe, expect, it } from "vitest";
import { type Notebook, runNotebook, tablesOf, textOf, topTokensOf } from "./notebook";

describe("03-editing-a-fact.ipynb tells the truth", () => {
  let notebook: Notebook;
  runNotebook("03-editing-a-fact.ipynb", (executed) => {
    notebook = executed;
  });

  it("before the edit the tower is in Paris", () => {
    const [[token, probability]] = topTokensOf(notebook, "load");
    expect(token).toBe(" Paris");
    expect(probability).toBeCloseTo(0.7015, 3);
  });

  it("Adam finds the value that PyTorch finds", () => {
    // The same steps with transformers and hooks: the loss is 0.042 after seven of them.
    const total = /^total: .* ([\d.]+) {2}\(8 values\)$/m.exec(textOf(notebook, "value"));
    expect(Math.abs(Number(total?.[1]) - 0.042)).toBeLessThan(0.01);
  });

  it("after the edit it is in Rome", () => {
    // transformers with the same update of the weight, of 6.1 % of its norm: 0.991
    const [[token, probability]] = topTokensOf(notebook, "edit");
    expect(token).toBe(" Rome");
    expect(Math.abs(probability - 0.991)).toBeLessThan(0.01);
    expect(textOf(notebook, "edit")).toMatch(/the update has 6\.\d % of the weight's norm/);
  });

  it("paraphrases follow and neighbours stay, each as in PyTorch", () => {
    const rows = tablesOf(notebook, "prompts");
    expect(rows).toHaveLength(18);
    // transformers: p( Rome) of the paraphrases and p(answer) of the neighbours, in the notebook's order, with the edit.
    const paraphrases = [1.0, 0.24, 0.97, 0.82, 1.0, 0.93];
    const neighbours = [0.82, 0.81, 0.79, 0.78, 0.76, 0.57, 0.42, 0.61, 0.72, 0.81, 0.93];
    [0.991, ...paraphrases, ...neighbours].forEach((wanted, i) => {
      expect(Math.abs(Number(rows[i]["p after"]) - wanted)).toBeLessThan(0.1);
    });
    for (const { before, after } of rows.slice(0, 7)) expect([before, after]).toEqual([" Paris", " Rome"]);
    for (const { before, after, wanted } of rows.slice(7)) expect([before, after]).toEqual([wanted, wanted]);
  });

  it("the scores say so, with the number of sentences", () => {
    expect(tablesOf(notebook, "summary").map(({ score, before, after }) => [score, before, after])).toEqual([
      ["efficacy", "0 of 1", "1 of 1"],
      ["paraphrases", "0 of 6", "6 of 6"],
      ["neighbours", "11 of 11", "11 of 11"],
    ]);
  });

  it("the country follows, other towers are less certain, and the edit goes one way only", () => {
    const [country, tokyo, willis, london, paris] = tablesOf(notebook, "limits").map((row) => [
      { token: row.before, probability: Number(row["p before"]) },
      { token: row.after, probability: Number(row["p after"]) },
    ]);
    const tokens = (pair: { token: string }[]) => pair.map(({ token }) => token);
    expect(tokens(country)).toEqual([" France", " Italy"]);
    for (const [row, city] of [
      [tokyo, " Tokyo"],
      [willis, " Chicago"],
    ] as const) {
      expect(tokens(row)).toEqual([city, city]);
      expect(row[1].probability).toBeLessThan(0.7 * row[0].probability);
    }
    expect(tokens(london)).toEqual([" London", " London"]);
    expect(Math.abs(london[1].probability - london[0].probability)).toBeLessThan(0.05);
    expect(tokens(paris)).toEqual([" E", " E"]);
  });
});
