import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * How a test exercises an operator: its numbers are compared with PyTorch's, its gradients are, it is a node of a graph
 * that is run, or it is called on the way to something else.
 */
export type Exercise = "compared" | "gradient" | "graph" | "called";

/** Dtypes by operator and overload (`aten::add.Tensor`, `aten::relu.default`) and by kind of exercise. */
export type OperatorRecord = Record<string, Partial<Record<Exercise, string[]>>>;

const ROOT = join(__dirname, "..", "..");
/** One file for each test file; `npm run docs` reads them. */
const FOLDER = join(ROOT, "test", "artifacts", "operators");

const seen = new Set<string>();

/** Notes that an overload was exercised on tensors of a dtype. */
export function recordOperator(exercise: Exercise, operator: string, overload: string, dtype: string): void {
  seen.add(`${operator}.${overload || "default"} ${exercise} ${dtype}`);
}

/** Writes what this process has noted, under the name of its test file. */
export function writeOperatorRecord(testPath: string): void {
  const record: OperatorRecord = {};
  for (const line of [...seen].sort()) {
    const [operator, exercise, dtype] = line.split(" ") as [string, Exercise, string];
    const dtypes = record[operator]?.[exercise] ?? [];
    record[operator] = { ...record[operator], [exercise]: [...dtypes, dtype] };
  }
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${relative(ROOT, testPath).replace(/[/\\]/g, "-")}.json`);
  writeFileSync(`${path}.part`, `${JSON.stringify(record, null, 1)}\n`);
  renameSync(`${path}.part`, path);
}
