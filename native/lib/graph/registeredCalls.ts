import type { OperatorImplementation } from "../dispatch/library";
import { ArgumentError } from "../errors";
import { Tensor } from "../tensor/tensor";

/**
 * Calls an operator written in TypeScript for a graph that stands at it.
 * @returns its results, a list of one for a single tensor.
 * @throws ArgumentError when it gives something else than tensors.
 */
export async function callRegistered(
  name: string,
  operators: ReadonlyMap<string, OperatorImplementation> | undefined,
  args: readonly unknown[],
): Promise<readonly Tensor[]> {
  const implementation = operators?.get(name);
  if (!implementation) throw new ArgumentError(`the operator ${name} has no implementation`);
  const result = await implementation(...(args as never[]));
  const list: readonly Tensor[] = result instanceof Tensor ? [result] : result;
  if (!Array.isArray(list) || !list.every((one) => one instanceof Tensor)) {
    throw new ArgumentError(`the implementation of ${name} must give a tensor or a list of tensors`);
  }
  return list;
}
