import { describe, expect, it } from "vitest";
import { isView } from "../protocol";
import { isLensReadings, lensTable, rowsTable, tableBundle } from "./table";

const readings = [
  { layer: 0, position: 4, top: [{ id: 7, probability: 0.25 }], target: { probability: 0.125, rank: 3 } },
  { layer: 1, position: 4, top: [{ id: 9, probability: 0.5 }], target: null },
];

describe("tables", () => {
  it("read without styles, markup in them as text", () => {
    const { data } = tableBundle({ title: "t", columns: ["token"], rows: [["<b>&"]] });
    expect(data["text/html"]).toBe(
      "<table><thead><tr><th>token</th></tr></thead><tbody><tr><td>&lt;b&gt;&amp;</td></tr></tbody></table>",
    );
    expect(data["text/plain"]).toBe("token\n<b>&");
    expect(isView(data["application/vnd.graphpatch.view.v1+json"])).toBe(true);
  });

  it("are made of objects, numbers as numbers", () => {
    const rows = [
      { token: " of", value: 0.12345, n: 3, known: true },
      { token: "x", value: -0.0004, n: 10, extra: null },
      { token: "", value: Number.NaN, n: 2.5 },
    ];
    expect(rowsTable(rows)).toEqual({
      title: "3 rows",
      columns: ["token", "value", "n", "known", "extra"],
      rows: [
        ['" of"', "0.123", "3", "true", ""],
        ["x", "-4.0e-4", "10", "", ""],
        ['""', "NaN", "2.500", "", ""],
      ],
    });
    const few = rowsTable(rows, { title: "t", columns: ["n", "token"], digits: 1 });
    expect(few).toEqual({
      title: "t",
      columns: ["n", "token"],
      rows: [
        ["3", '" of"'],
        ["10", "x"],
        ["2.5", '""'],
      ],
    });
    expect(tableBundle(few).data["text/plain"]).toBe('  n  token\n  3  " of"\n 10  x\n2.5  ""');
    expect(() => rowsTable([1] as unknown as object[])).toThrow(/list of objects/);
    expect(() => rowsTable(rows, { digits: 0.5 })).toThrow(/integer from 0 to 20/);
  });

  it("have a row for each reading of the logit lens", () => {
    expect(lensTable(readings, (id) => ` t${id}`)).toEqual({
      title: "logit lens",
      columns: ["layer", "target", "rank", "top 1", "p"],
      rows: [
        ["0", "12.50 %", "3", '" t7"', "25.00 %"],
        ["1", "", "", '" t9"', "50.00 %"],
      ],
    });
    expect(lensTable([{ ...readings[1], position: 2 }, readings[1]]).rows[0]).toEqual([
      "1",
      "2",
      "#9",
      "50.00 %",
    ]);
    expect(isLensReadings(readings)).toBe(true);
    expect([[], [1], [null], {}, null].some(isLensReadings)).toBe(false);
  });
});
