import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs `body`, and whatever it awaits, so that `signal` cancels the runs, sweeps, backward passes, loading and saving that it starts.
 * What these are given as their own `signal` cancels them as well. A notebook's kernel runs each cell in one.
 */
export function withSignal<T>(signal: AbortSignal, body: () => T): T {
  return current.run(signal, body);
}

/** The signal that cancels what is started here: `own`, that of {@link withSignal}, or either of them. */
export function activeSignal(own?: AbortSignal): AbortSignal | undefined {
  const ambient = current.getStore();
  if (!own || !ambient || own === ambient) return own ?? ambient;
  return AbortSignal.any([own, ambient]);
}
