import { promisify } from "node:util";
import { Script } from "node:vm";

type Callback = (...args: unknown[]) => void;

/** Under this the script finds the call it is to make. */
const CALL = "graphpatch.guardedCall";
const script = new Script(`globalThis[Symbol.for(${JSON.stringify(CALL)})]()`);
const holder = globalThis as unknown as Record<symbol, () => void>;

/**
 * Calls back so that SIGINT ends it with an exception. Without this, a loop in a timer's callback could only be stopped by terminating
 * what runs, timers of Node's own included, which ends the process.
 */
function guarded(callback: Callback): Callback {
  if (typeof callback !== "function") return callback;
  return function guardedCallback(this: unknown, ...args) {
    holder[Symbol.for(CALL)] = () => callback.apply(this, args);
    script.runInThisContext({ breakOnSigint: true });
  };
}

/** Makes loops in callbacks of timers interruptible. */
export function guardTimers(): void {
  const timers = globalThis as unknown as Record<string, (callback: Callback, ...rest: unknown[]) => unknown>;
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
    const original = timers[name];
    const replacement = (callback: Callback, ...rest: unknown[]) => original(guarded(callback), ...rest);
    const custom = (original as { [promisify.custom]?: unknown })[promisify.custom];
    if (custom) Object.defineProperty(replacement, promisify.custom, { value: custom });
    timers[name] = replacement;
  }
}
