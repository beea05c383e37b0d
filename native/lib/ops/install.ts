import { binding, type TensorHandle } from "../binding";
import { defaultDevice } from "../dispatch/defaultDevice";
import { callOperator } from "../dispatch/dispatch";
import { FUNCTIONS, METHODS } from "../generated/names";

type Operator = (...args: unknown[]) => unknown;

/** Arguments by name come last, in a plain object, of whatever realm; anything of a class of its own is a value. */
function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Calls an operator with arguments as a user writes them: those by name in a last plain object. */
export function callWithKeywords(name: string, args: unknown[]): unknown {
  const last = args[args.length - 1];
  return isKeywords(last) ? callOperator(name, args.slice(0, -1), last) : callOperator(name, args);
}

function define(target: object, name: string, value: Operator): void {
  Object.defineProperty(value, "name", { value: name });
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Adds the operators that PyTorch has as methods; what the class defines itself stays. */
export function installMethods(prototype: object): void {
  for (const name of METHODS) {
    if (Object.hasOwn(prototype, name)) continue;
    define(prototype, name, function (this: unknown, ...args: unknown[]) {
      return callWithKeywords(name, [this, ...args]);
    });
  }
}

/** Factories whose device is that of a tensor they are given, or that have none. */
const WITHOUT_DEVICE = /_like$|^new_|^(?:from_file|normal)$/;

/**
 * Adds the functions that make new tensors, which take `requires_grad` as well, as in Python, and make them on the default
 * device.
 */
export function installFactories(target: object, names: readonly string[]): void {
  for (const name of names) {
    const followsDefault = !WITHOUT_DEVICE.test(name);
    define(target, name, (...args: unknown[]) => {
      const last = args[args.length - 1];
      const device = followsDefault ? defaultDevice() : null;
      const given = isKeywords(last) ? last : {};
      if (device === null && given.requires_grad === undefined) return callWithKeywords(name, args);
      const { requires_grad, ...rest } = device === null ? given : { device, ...given };
      const positional = isKeywords(last) ? args.slice(0, -1) : args;
      const made = callOperator(name, positional, rest) as TensorHandle;
      if (requires_grad) binding.setRequiresGrad(made, true);
      return made;
    });
  }
}

/** Adds every public operator as a function. */
export function installFunctions(target: object): void {
  for (const name of FUNCTIONS) {
    if (Object.hasOwn(target, name)) continue;
    define(target, name, (...args: unknown[]) => callWithKeywords(name, args));
  }
}
