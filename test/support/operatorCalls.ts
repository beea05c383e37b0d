import { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { difference } from "./closeness";
import type { Expected, OperatorCase } from "./operatorCases";

type Operator = (...args: unknown[]) => unknown;

/** An argument of a case as the operator takes it: `$x` is a tensor, `$dtype` the dtype it is tried with, `$inf` a number. */
export type ArgumentReader = (argument: unknown) => unknown;

/** The arguments by name. */
export function keywordsOf({ kwargs = {} }: OperatorCase, read: ArgumentReader): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kwargs).map(([name, argument]) => [name, read(argument)]));
}

/** As a user writes it: `x.sum(-1, { keepdim: true })`, `torch.add(x, y)`; private operators through `torch.ops`. */
export function callCase(operatorCase: OperatorCase, read: ArgumentReader): unknown {
  const { operator, way, args, kwargs, seed } = operatorCase;
  if (seed !== undefined) torch.manual_seed(seed);
  const values = args.map(read);
  const keywords = kwargs ? [keywordsOf(operatorCase, read)] : [];
  if (way === "method") {
    const [self, ...rest] = values;
    return (self as unknown as Record<string, Operator>)[operator](...rest, ...keywords);
  }
  const functions = torch as unknown as Record<string, Operator>;
  return (functions[operator] ?? torch.ops.aten[operator])(...values, ...keywords);
}

function leaves(result: unknown): unknown[] {
  return Array.isArray(result) ? result.flatMap(leaves) : [result];
}

/** What is wrong with a result, a line each. */
export function differences(result: unknown, { plain, results }: Expected, flags: OperatorCase): string[] {
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

/** The sum of all results times ((0, 1, 2, …) mod 7 - 3) / 4, as in make_operators.py. */
function loss(result: unknown): Tensor {
  return (leaves(result) as Tensor[])
    .filter((part) => part.requires_grad)
    .map((part) => {
      const real = part.is_complex() ? torch.view_as_real(part) : part;
      const weights = torch.arange(real.numel()).remainder(7).sub(3).div(4).to(real);
      return real.mul(weights.view(real.shape)).sum();
    })
    .reduce((sum, part) => sum.add(part));
}

/** What is wrong with the gradients, a line each. `inputs` are the tensors the operator was called with, by name. */
export async function gradientDifferences(
  result: unknown,
  inputs: ReadonlyMap<string, Tensor>,
  { gradients }: Expected,
): Promise<string[]> {
  if (gradients.size === 0) return [];
  await loss(result).backward();
  return [...gradients].flatMap(([name, gradient]) => {
    const problem = difference(inputs.get(name)?.grad ?? null, gradient, {});
    return problem === null ? [] : [`gradient by ${name}: ${problem}`];
  });
}
