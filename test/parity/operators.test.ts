import { expect, test } from "vitest";
import { binding } from "../../native/lib/binding";
import { callOperator, type ResolvedOperator, resolveOperator } from "../../native/lib/dispatch";
import { GraphpatchError } from "../../native/lib/errors";
import { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { difference } from "../support/closeness";
import { CaseInputs, type Expected, type OperatorCase, readOperatorCases } from "../support/operatorCases";
import { recordOperator } from "../support/operatorRecord";
import { decidingDType } from "../support/operatorUses";

const { cases, inputs } = readOperatorCases();
const OPERATORS: ReadonlySet<string> = new Set(binding.operatorNames());

type Operator = (...args: unknown[]) => unknown;

/** As a user writes it: `x.sum(-1, { keepdim: true })`, `torch.add(x, y)`; private operators through `torch.ops`. */
function call({ operator, way, args, kwargs, seed }: OperatorCase, given: CaseInputs): unknown {
  if (seed !== undefined) torch.manual_seed(seed);
  const values = args.map((argument) => given.value(argument));
  const keywords = kwargs ? [given.values(kwargs)] : [];
  if (way === "method") {
    const [self, ...rest] = values;
    return (self as unknown as Record<string, Operator>)[operator](...rest, ...keywords);
  }
  const functions = torch as unknown as Record<string, Operator>;
  return (functions[operator] ?? torch.ops.aten[operator])(...values, ...keywords);
}

/** The same call with the overload named and every argument given by its name. */
function callByName({ operator, args, kwargs, seed }: OperatorCase, given: CaseInputs) {
  const resolved = resolveOperator(
    operator,
    args.map((argument) => given.value(argument)),
    kwargs && given.values(kwargs),
  );
  const schema = binding.schemas(operator).find(({ overload }) => overload === resolved.overload);
  const named = Object.fromEntries(resolved.args.map((value, i) => [schema?.arguments[i].name, value]));
  if (seed !== undefined) torch.manual_seed(seed);
  const result = callOperator(`${resolved.operator}.${resolved.overload || "default"}`, [], named);
  return { resolved, result };
}

const leaves = (result: unknown): unknown[] => (Array.isArray(result) ? result.flatMap(leaves) : [result]);

/** The sum of all results times ((0, 1, 2, …) mod 7 - 3) / 4, as in make_operators.py. */
function loss(results: Tensor[]): Tensor {
  return results
    .filter((result) => result.requires_grad)
    .map((result) => {
      const real = result.is_complex() ? torch.view_as_real(result) : result;
      const weights = torch.arange(real.numel()).remainder(7).sub(3).div(4).to(real.dtype);
      return real.mul(weights.view(real.shape)).sum();
    })
    .reduce((sum, part) => sum.add(part));
}

/** What is wrong with a result, a line each. */
function differences(result: unknown, { plain, results }: Expected, flags: OperatorCase): string[] {
  const actual = leaves(result);
  if (plain !== null) {
    return JSON.stringify(actual) === JSON.stringify(plain) ? [] : [`${actual} instead of ${plain}`];
  }
  if (actual.length !== results.length) return [`${actual.length} results instead of ${results.length}`];
  return actual.flatMap((value, i) => {
    const problem = value instanceof Tensor ? difference(value, results[i], flags) : `${value} is no tensor`;
    return problem === null ? [] : [problem];
  });
}

async function gradientDifferences(
  result: unknown,
  given: CaseInputs,
  expected: Expected,
): Promise<string[]> {
  if (expected.gradients.size === 0) return [];
  await loss(leaves(result) as Tensor[]).backward();
  return [...expected.gradients].flatMap(([name, gradient]) => {
    const problem = difference(given.leaves.get(name)?.grad ?? null, gradient, {});
    return problem === null ? [] : [`gradient by ${name}: ${problem}`];
  });
}

function record({ operator, overload, args }: ResolvedOperator, result: unknown, expected: Expected): void {
  const dtype = decidingDType(binding, operator, args, result) ?? String(expected.dtype);
  recordOperator("compared", operator, overload, dtype);
  if (expected.gradients.size > 0) recordOperator("gradient", operator, overload, dtype);
}

test.each(cases)("$name", async (operatorCase) => {
  const problems: Record<string, string[]> = {};
  for (const expected of operatorCase.expected) {
    const given = new CaseInputs(inputs, expected.dtype, new Set(expected.gradients.keys()));
    const result = call(operatorCase, given);
    const found = differences(result, expected, operatorCase);
    found.push(...(await gradientDifferences(result, given, expected)));
    // Conversions such as x.float() are methods and no operators.
    if (OPERATORS.has(`aten::${operatorCase.operator}`)) {
      const byName = callByName(operatorCase, new CaseInputs(inputs, expected.dtype));
      found.push(...differences(byName.result, expected, operatorCase));
      record(byName.resolved, byName.result, expected);
    }
    if (found.length > 0) problems[expected.dtype] = found;
  }
  expect(problems).toEqual({});
});

const refused = cases.flatMap((operatorCase) =>
  (operatorCase.refused ?? []).map((dtype) => ({ operatorCase, dtype })),
);

test.each(refused)("$operatorCase.name of $dtype is refused, as in PyTorch", ({ operatorCase, dtype }) => {
  expect(() => call(operatorCase, new CaseInputs(inputs, dtype))).toThrow(GraphpatchError);
});

test("every kind of case is there", () => {
  const operators = new Set(cases.map(({ operator }) => operator));
  const differentiated = cases.filter(({ expected }) => expected.some(({ gradients }) => gradients.size > 0));
  expect(operators.size).toBeGreaterThan(400);
  expect(differentiated.length).toBeGreaterThan(300);
});
