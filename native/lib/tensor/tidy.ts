import { AsyncLocalStorage } from "node:async_hooks";
import { binding, type TensorHandle } from "../binding";

/** Tensors that were made while a `tidy` body runs. */
class TidyScope {
  readonly #made = new Set<TensorHandle>();

  add(tensor: TensorHandle): void {
    this.#made.add(tensor);
  }

  /** Disposes what was made, except what can be reached from `kept`, which goes to the enclosing scope. */
  close(kept: unknown, outer: TidyScope | undefined): void {
    const keep = new Set<object>();
    collect(kept, keep);
    for (const tensor of this.#made) {
      if (keep.has(tensor)) outer?.add(tensor);
      else binding.dispose(tensor);
    }
  }
}

/** All objects that can be reached through arrays, plain objects, maps, sets and fields of class instances. */
function collect(value: unknown, into: Set<object>): void {
  if (typeof value !== "object" || value === null || into.has(value) || ArrayBuffer.isView(value)) return;
  into.add(value);
  if (binding.isTensor(value)) return;
  if (value instanceof Map || value instanceof Set) {
    for (const item of value.values()) collect(item, into);
    return;
  }
  for (const item of Object.values(value)) collect(item, into);
}

// In the context of the calls, so that what runs meanwhile elsewhere is not tidied away.
const scopes = new AsyncLocalStorage<TidyScope>();

/** Tells the scope that is open here, if one is, of a new tensor. */
export function registerTensor(tensor: TensorHandle): void {
  scopes.getStore()?.add(tensor);
}

/**
 * Runs `body` and frees the tensors that it made, except those in what it returns (or its promise resolves to). What it
 * keeps elsewhere, for instance in a variable outside, is freed too.
 */
export function tidy<T>(body: () => T): T {
  const outer = scopes.getStore();
  const scope = new TidyScope();
  let result: T;
  try {
    result = scopes.run(scope, body);
  } catch (error) {
    scope.close(null, outer);
    throw error;
  }
  if (result instanceof Promise) {
    return result.then(
      (value: unknown) => {
        scope.close(value, outer);
        return value;
      },
      (error: unknown) => {
        scope.close(null, outer);
        throw error;
      },
    ) as T;
  }
  scope.close(result, outer);
  return result;
}
