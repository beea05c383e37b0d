import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";

/**
 * An operator written in TypeScript: takes the arguments in the order of its schema, as tensors, numbers, strings,
 * null and lists of them, and gives a tensor or a list of tensors. It must not change its arguments.
 */
export type OperatorImplementation = (
  ...args: never[]
) => Tensor | readonly Tensor[] | Promise<Tensor | readonly Tensor[]>;

const implementations = new Map<string, OperatorImplementation>();

/** The TypeScript implementation of `ns::op`; undefined if there is none. */
export function registeredOperator(name: string): OperatorImplementation | undefined {
  return implementations.get(name);
}

/** `torch.library`: operators of one's own. */
export const library = {
  /**
   * Gives the operator `ns::op` an implementation in TypeScript: `torch.ops.ns.op(…)` calls it, and graphs imported
   * from Python may hold it. Made of PyTorch's operators it is differentiable. A second registration replaces the first
   * for graphs that are loaded later.
   * @throws ArgumentError if the name is not of that form.
   */
  register(name: string, implementation: OperatorImplementation): void {
    if (!/^\w+::\w+$/.test(name)) {
      throw new ArgumentError(`torch.library.register: "${name}" is not of the form "namespace::operator"`);
    }
    if (typeof implementation !== "function") {
      throw new ArgumentError(`torch.library.register: the implementation of ${name} must be a function`);
    }
    implementations.set(name, implementation);
  },
};
