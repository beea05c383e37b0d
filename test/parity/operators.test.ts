import { expect, test } from "vitest";
import { binding } from "../../native/lib/binding";
import { callOperator, resolveOperator } from "../../native/lib/dispatch";
import { GraphpatchError } from "../../native/lib/errors";
import { torch } from "../../native/lib/torch";
import {
  type ArgumentReader,
  callCase,
  differences,
  gradientDifferences,
  keywordsOf,
} from "../support/operatorCalls";
import {
  argumentReader,
  caseInputs,
  type Expected,
  type OperatorCase,
  readOperatorCases,
} from "../support/operatorCases";
import { recordOperator } from "../support/operatorRecord";
import { decidingDType } from "../support/operatorUses";

const { cases, inputs } = readOperatorCases();
const OPERATORS: ReadonlySet<string> = new Set(binding.operatorNames());

/** Reads the arguments for one call; tensors as copies, which operators that write in place may write into. */
function copies(given: ReturnType<typeof caseInputs>, { dtype }: Pick<Expected, "dtype">): ArgumentReader {
  return argumentReader(new Map([...given].map(([name, tensor]) => [name, tensor.clone()])), dtype);
}

/** The same call with the overload named and every argument given by its name. */
function callByName(operatorCase: OperatorCase, expected: Expected): unknown {
  const { operator, args, seed } = operatorCase;
  const read = copies(caseInputs(operatorCase, expected, inputs), expected);
  const resolved = resolveOperator(operator, args.map(read), keywordsOf(operatorCase, read));
  const schema = binding.schemas(operator).find(({ overload }) => overload === resolved.overload);
  const named = Object.fromEntries(resolved.args.map((value, i) => [schema?.arguments[i].name, value]));
  if (seed !== undefined) torch.manual_seed(seed);
  const result = callOperator(`${resolved.operator}.${resolved.overload || "default"}`, [], named);
  const dtype = decidingDType(binding, resolved.operator, resolved.args, result) ?? String(expected.dtype);
  recordOperator("compared", resolved.operator, resolved.overload, dtype);
  if (expected.gradients.size > 0) recordOperator("gradient", resolved.operator, resolved.overload, dtype);
  return result;
}

test.each(cases)("$name", async (operatorCase) => {
  const problems: Record<string, string[]> = {};
  for (const expected of operatorCase.expected) {
    const given = caseInputs(operatorCase, expected, inputs);
    const result = callCase(operatorCase, copies(given, expected));
    const found = differences(result, expected, operatorCase);
    found.push(...(await gradientDifferences(result, given, expected)));
    // Conversions such as x.float() are methods and no operators.
    if (OPERATORS.has(`aten::${operatorCase.operator}`)) {
      found.push(...differences(callByName(operatorCase, expected), expected, operatorCase));
    }
    if (found.length > 0) problems[expected.dtype] = found;
  }
  expect(problems).toEqual({});
});

const refused = cases.flatMap((operatorCase) =>
  (operatorCase.refused ?? []).map((dtype) => ({ operatorCase, dtype })),
);

test.each(refused)("$operatorCase.name of $dtype is refused, as in PyTorch", ({ operatorCase, dtype }) => {
  const given = caseInputs(operatorCase, { dtype, gradients: new Map() }, inputs);
  expect(() => callCase(operatorCase, argumentReader(given, dtype))).toThrow(GraphpatchError);
});

test("every kind of case is there", () => {
  const operators = new Set(cases.map(({ operator }) => operator));
  const differentiated = cases.filter(({ expected }) => expected.some(({ gradients }) => gradients.size > 0));
  expect(operators.size).toBeGreaterThan(400);
  expect(differentiated.length).toBeGreaterThan(300);
});
