// @ts-check
// `npm run docs` writes the generated pages of docs/. The table of operators needs a test run before it.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mergeRecords, operatorsPage, readRecords } from "./docs/operators.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const records = readRecords(join(root, "test", "artifacts", "operators"));
if (!records.has("test-parity-operators.test.ts.json")) {
  console.error("docs: the tests have left no record of the operators they exercise: run `npm test` first");
  process.exit(1);
}
const operators = mergeRecords(records.values());
writeFileSync(join(root, "docs", "operators.md"), operatorsPage(operators));
console.log(`docs/operators.md: ${operators.size} operators, from ${records.size} test files`);
