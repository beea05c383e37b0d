// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {import("../../test/support/operatorRecord.js").OperatorRecord} OperatorRecord */
/** @typedef {import("../../test/support/operatorRecord.js").Exercise} Exercise */
/**
 * What is known of an operator: its overloads, and by kind of exercise its dtypes.
 * @typedef {{ overloads: Set<string>, dtypes: Record<Exercise, Set<string>> }} Operator
 */

/** Short names of dtypes, in the order of the table's cells. */
const SHORT = new Map([
  ["float32", "f32"],
  ["float64", "f64"],
  ["float16", "f16"],
  ["bfloat16", "bf16"],
  ["complex64", "c64"],
  ["complex128", "c128"],
  ["int64", "i64"],
  ["int32", "i32"],
  ["int16", "i16"],
  ["int8", "i8"],
  ["uint8", "u8"],
  ["bool", "bool"],
]);

/**
 * The records that the last test runs left, by name of the test file.
 * @param {string} folder
 * @returns {Map<string, OperatorRecord>}
 */
export function readRecords(folder) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  return new Map(names.sort().map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8"))]));
}

/**
 * All records together, by operator, in alphabetical order.
 * @param {Iterable<OperatorRecord>} records
 * @returns {Map<string, Operator>}
 */
export function mergeRecords(records) {
  /** @type {Map<string, Operator>} */
  const operators = new Map();
  for (const record of records) {
    for (const [qualified, exercises] of Object.entries(record)) {
      const dot = qualified.indexOf(".");
      const name = qualified.slice(0, dot).replace(/^aten::/, "");
      const operator = operators.get(name) ?? newOperator();
      operators.set(name, operator);
      operator.overloads.add(qualified.slice(dot + 1));
      for (const [exercise, dtypes] of Object.entries(exercises)) {
        for (const dtype of dtypes) operator.dtypes[/** @type {Exercise} */ (exercise)].add(dtype);
      }
    }
  }
  return new Map([...operators].sort(([a], [b]) => compare(a, b)));
}

/** @returns {Operator} */
function newOperator() {
  const dtypes = { compared: new Set(), gradient: new Set(), graph: new Set(), called: new Set() };
  return { overloads: new Set(), dtypes };
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * @param {Set<string>} dtypes
 * @param {Set<string>} marked those to mark with ∂
 */
function cell(dtypes, marked = new Set()) {
  const known = [...SHORT.keys()].filter((dtype) => dtypes.has(dtype));
  const others = [...dtypes].filter((dtype) => !SHORT.has(dtype)).sort(compare);
  return [...known, ...others]
    .map((dtype) => (SHORT.get(dtype) ?? dtype) + (marked.has(dtype) ? "∂" : ""))
    .join(" ");
}

/**
 * What a page says of operators that are compared with PyTorch and these records do not, and the other way round. Only that: what else
 * tests call, random graphs decide.
 * @param {string} page
 * @param {Map<string, Operator>} operators
 * @returns {string[]} a line for each operator
 */
export function staleOperators(page, operators) {
  const said = new Map(
    [...page.matchAll(/^\| `([\w:]+)` \| [^|]* \| ([^|]*) \|/gm)].map(([, name, compared]) => [
      name,
      compared.trim(),
    ]),
  );
  const names = [...new Set([...said.keys(), ...operators.keys()])].sort(compare);
  return names.flatMap((name) => {
    const dtypes = operators.get(name)?.dtypes;
    const tested = dtypes ? cell(dtypes.compared, dtypes.gradient) : "";
    const written = said.get(name) ?? "";
    return tested === written ? [] : [`${name}: compared in "${tested}", the page says "${written}"`];
  });
}

/**
 * The page docs/operators.md.
 * @param {Map<string, Operator>} operators
 */
export function operatorsPage(operators) {
  const all = [...operators.values()];
  /** @param {Exercise} exercise */
  const having = (exercise) => all.filter(({ dtypes }) => dtypes[exercise].size > 0).length;
  const overloads = all.reduce((sum, operator) => sum + operator.overloads.size, 0);
  const pairs = all.reduce((sum, { dtypes }) => sum + dtypes.compared.size, 0);
  const rows = [...operators].map(([name, { overloads: of, dtypes }]) => {
    const calledOnly = new Set([...dtypes.called].filter((dtype) => !dtypes.compared.has(dtype)));
    const cells = [
      `\`${name}\``,
      [...of].sort(compare).join(" "),
      cell(dtypes.compared, dtypes.gradient),
      cell(dtypes.graph),
      cell(calledOnly),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return `# Operators that the tests exercise

Written by \`npm run docs\` from what the tests noted while they ran; \`npm test && npm run docs\` renews it.

- **${all.length} operators** of libtorch, ${overloads} overloads, are exercised.
- **${having("compared")} are compared with PyTorch**, in ${pairs} pairs of operator and dtype: the cases of \`test/fixtures/make/operators\`, whose numbers
  PyTorch itself computed. ${having("gradient")} of them with their gradients, marked ∂.
- **${having("graph")} ran in graphs**: as nodes of a captured model, patched or not.

The last column has what tests called without comparing it with PyTorch. A dtype is that of an operator's first tensor, or of its result
where it takes none. All other operators are called and captured in the same way, by their schemas; no list says which there are.

f: float, bf: bfloat, c: complex, i: int, u: uint.

| operator | overloads | compared with PyTorch | in graphs | only called |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
