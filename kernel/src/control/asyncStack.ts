/** Name under which the wire thread finds the repair, through the debugger. */
const REPAIR = "graphpatch.clearAsyncStack";

/** The expression that repairs the main thread. */
export const REPAIR_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(REPAIR)})]()`;

/** Not an error of anybody: see {@link offerAsyncStackRepair}. */
export const STOPPED = Symbol("graphpatch.stopped");

interface FatalException {
  _fatalException?: (error: unknown, fromPromise: boolean) => boolean;
}

/**
 * Lets execution be terminated wherever it stands. Node keeps a stack of asynchronous contexts, and aborts the process when code ended
 * without taking its own off. Its handling of uncaught exceptions empties that stack; so before code is terminated, an exception that
 * is none (`STOPPED`) is handled.
 */
export function offerAsyncStackRepair(): void {
  const { _fatalException: handle } = process as unknown as FatalException;
  (globalThis as unknown as Record<symbol, () => void>)[Symbol.for(REPAIR)] = () => {
    handle?.call(process, STOPPED, false);
  };
}
