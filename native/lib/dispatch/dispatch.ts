import { binding, type ResolvedOperator } from "../binding";
import "../errors";
import { isGradEnabled } from "./gradMode";
import { getInterceptor } from "./interceptor";
import { registeredOperator } from "./library";

export type { ResolvedOperator } from "../binding";

/**
 * Calls an operator of PyTorch.
 * @param name `"add"`, `"aten::add"`, `"mylib::op"`, or with the overload, `"aten::add.Tensor"`
 * @param args positional arguments; a number may stand for a tensor where PyTorch allows it
 * @param kwargs arguments by the schema's names
 * @throws UnknownOperatorError, ArgumentError (which argument does not fit), TorchError (what the operator itself reports)
 */
export function callOperator(name: string, args: unknown[], kwargs?: Record<string, unknown>): unknown {
  const registered = registeredOperator(name);
  if (registered) return registered(...([...args, ...(kwargs ? [kwargs] : [])] as never[]));
  const interceptor = getInterceptor();
  if (interceptor !== null) return interceptor.call(name, args, kwargs);
  return binding.call(name, args, kwargs, isGradEnabled());
}

/** Which overload a call means, and its arguments in schema order, `undefined` where the default stands. */
export function resolveOperator(
  name: string,
  args: unknown[],
  kwargs?: Record<string, unknown>,
): ResolvedOperator {
  return binding.resolve(name, args, kwargs);
}

/** Calls exactly one overload with arguments as {@link resolveOperator} gives them; never intercepted. */
export function callResolved(operator: string, overload: string, args: unknown[]): unknown {
  return binding.callResolved(operator, overload, args, isGradEnabled());
}
