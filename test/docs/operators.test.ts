import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mergeRecords, operatorsPage, staleOperators } from "../../scripts/docs/operators.mjs";
import { FIXTURES } from "../support/files";
import type { OperatorRecord } from "../support/operatorRecord";

interface Row {
  overloads: string[];
  compared: string[];
  inGraphs: string[];
  onlyCalled: string[];
}

/** The table of a page, checked cell by cell. */
function rowsOf(page: string): Map<string, Row> {
  const [, table] = page.split("|---|---|---|---|---|\n");
  const rows = new Map<string, Row>();
  for (const line of table.trimEnd().split("\n")) {
    const cells = /^\| `([\w:]+)` \| ([\w ]+) \| ([\w∂ ]*) \| ([\w ]*) \| ([\w ]*) \|$/.exec(line);
    if (cells === null) throw new Error(`not a row of the table: ${line}`);
    const [name, ...lists] = cells.slice(1);
    const [overloads, compared, inGraphs, onlyCalled] = lists.map((list) => list.split(" ").filter(Boolean));
    expect(rows.has(name), name).toBe(false);
    rows.set(name, { overloads, compared, inGraphs, onlyCalled });
  }
  return rows;
}

describe("docs/operators.md", () => {
  const page = readFileSync(join(FIXTURES, "..", "..", "docs", "operators.md"), "utf8");
  const rows = rowsOf(page);

  test("gives the totals of its table", () => {
    const having = (key: keyof Row) => [...rows.values()].filter((row) => row[key].length > 0).length;
    expect(page).toContain(`**${rows.size} operators**`);
    expect(page).toContain(`**${having("compared")} are compared with PyTorch**`);
    expect(page).toContain(`**${having("inGraphs")} ran in graphs**`);
    expect([...rows.keys()]).toEqual([...rows.keys()].sort());
  });

  test("has every operator that is compared with PyTorch (or: npm test && npm run docs)", () => {
    const cases = JSON.parse(readFileSync(join(FIXTURES, "expected", "operators.json"), "utf8")) as {
      operator: string;
      args: unknown[];
      gradients?: object;
      results?: object;
    }[];
    // x.float() and its like are methods and no operators.
    const methods = new Set(["float", "double", "half", "bfloat16", "long", "int", "bool"]);
    const missing = cases.filter(({ operator, gradients }) => {
      const compared = rows.get(operator)?.compared ?? [];
      return compared.length === 0 || (gradients && !compared.some((dtype) => dtype.endsWith("∂")));
    });
    expect(
      [...new Set(missing.map(({ operator }) => operator))].filter((name) => !methods.has(name)),
    ).toEqual([]);
  });
});

test("records of several test files make one table", () => {
  const records: OperatorRecord[] = [
    { "aten::mul.Tensor": { compared: ["int64", "float32"], gradient: ["float32"] } },
    { "aten::mul.Scalar": { called: ["float32", "uint8"] }, "mylib::op.default": { graph: ["float8_e5m2"] } },
  ];
  const page = operatorsPage(mergeRecords(records));
  expect(page).toContain("**2 operators** of libtorch, 3 overloads");
  expect(rowsOf(page)).toEqual(
    new Map([
      [
        "mul",
        { overloads: ["Scalar", "Tensor"], compared: ["f32∂", "i64"], inGraphs: [], onlyCalled: ["u8"] },
      ],
      ["mylib::op", { overloads: ["default"], compared: [], inGraphs: ["float8_e5m2"], onlyCalled: [] }],
    ]),
  );
});

test("a page is stale where it says other things of what is compared than the records do", () => {
  const record = (dtypes: string[]): OperatorRecord => ({
    "aten::mul.Tensor": { compared: dtypes, gradient: ["float32"], graph: ["int8"] },
    "aten::neg.default": { called: ["float32"] },
  });
  const page = operatorsPage(mergeRecords([record(["float32", "int64"])]));
  const stale = (records: OperatorRecord[]) => staleOperators(page, mergeRecords(records));
  expect(stale([record(["int64", "float32"])])).toEqual([]);
  // What is only called is of no account.
  expect(stale([{ "aten::mul.Tensor": record(["float32", "int64"])["aten::mul.Tensor"] }])).toEqual([]);
  expect(stale([record(["float32"])])).toEqual(['mul: compared in "f32∂", the page says "f32∂ i64"']);
  expect(stale([record(["float32", "int64"]), { "aten::abs.default": { compared: ["bool"] } }])).toEqual([
    'abs: compared in "bool", the page says ""',
  ]);
});
