import { AsyncLocalStorage } from "node:async_hooks";

// The mode belongs to a flow of calls, across its awaits, so that what else runs meanwhile keeps its own.
const mode = new AsyncLocalStorage<boolean>();

/** Whether operators called here record what backward() needs. */
export function isGradEnabled(): boolean {
  return mode.getStore() ?? true;
}

/** Runs `body`, and whatever it awaits, with gradient recording on or off. */
export function withGradMode<T>(enabled: boolean, body: () => T): T {
  return mode.run(enabled, body);
}
