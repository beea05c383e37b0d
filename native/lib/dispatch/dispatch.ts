import { binding, type ResolvedOperator } from "../binding";
import "../errors";
import { defaultDevice } from "./defaultDevice";
import { isGradEnabled } from "./gradMode";
import { getInterceptor } from "./interceptor";
import { registeredOperator } from "./library";
import { onOneDevice } from "./oneDevice";

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
  const device = defaultDevice();
  if (device === null) return call(name, args, kwargs);
  // In a model on several devices: what a module computes itself, it computes on its own.
  const move = (tensor: unknown): unknown => call("aten::_to_copy", [tensor], { device });
  const [there, options] = onOneDevice([args, kwargs ?? {}], device, move) as [
    unknown[],
    Record<string, unknown>,
  ];
  return call(name, there, options);
}

function call(name: string, args: unknown[], kwargs?: Record<string, unknown>): unknown {
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
