import timers from "node:timers/promises";
import { currentInterruption } from "./cellContext";

type Callback = (...args: unknown[]) => void;

/**
 * Lets an interrupted cell end for good: the timers it set do not go off any more, so that a loop of it that waits for one stands still.
 * To be called once, before cells run.
 */
export function guardTimers(): void {
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const) {
    const original = globalThis[name] as (callback: Callback, ...rest: unknown[]) => NodeJS.Timeout;
    const guarded = (callback: Callback, ...rest: unknown[]): NodeJS.Timeout => {
      const interruption = currentInterruption();
      if (!interruption || typeof callback !== "function") return original(callback, ...rest);
      const timer = original(
        (...args) => {
          if (!interruption.aborted) callback.apply(timer, args);
          else if (name === "setInterval") clearInterval(timer);
        },
        ...rest,
      );
      return timer;
    };
    // With the symbol by which util.promisify finds the form that gives a promise.
    Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
    Object.defineProperty(globalThis, name, { value: guarded, configurable: true, writable: true });
  }
  const { setTimeout: sleep, setImmediate: turn } = timers;
  const withSignal = <O extends { signal?: AbortSignal }>(options?: O) => ({
    ...options,
    signal: options?.signal ?? currentInterruption(),
  });
  timers.setTimeout = (delay, value, options) => sleep(delay, value, withSignal(options));
  timers.setImmediate = (value, options) => turn(value, withSignal(options));
}
