import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, JsonObject } from "../wire/message";

/** The request on whose behalf code runs. */
export interface CellContext {
  request: IncomingMessage;
  /** Nothing of it is shown. */
  silent: boolean;
  /** Whether the front end can be asked for input. */
  allowStdin: boolean;
  /** What the reply asks of the front end besides. */
  payload: JsonObject[];
  /** Ends what the cell started and left waiting, when it is interrupted. */
  interruption: AbortController;
}

const storage = new AsyncLocalStorage<CellContext>();
let latest: CellContext | null = null;

/** Runs a cell; all its output, also from timers it leaves behind, goes to `context`. */
export function runCell<T>(context: CellContext, body: () => T): T {
  latest = context;
  return storage.run(context, body);
}

/** Runs what a request other than a cell asks for, with its output going to that request. */
export function runForRequest<T>(request: IncomingMessage, body: () => T): T {
  const context = {
    request,
    silent: false,
    allowStdin: false,
    payload: [],
    interruption: new AbortController(),
  };
  return storage.run(context, body);
}

/** The request that output belongs to now; the latest cell where that is unknown; null before the first. */
export function currentContext(): CellContext | null {
  return storage.getStore() ?? latest;
}

/** Aborted when the cell that this code belongs to is interrupted; undefined outside of cells. */
export function currentInterruption(): AbortSignal | undefined {
  return storage.getStore()?.interruption.signal;
}
