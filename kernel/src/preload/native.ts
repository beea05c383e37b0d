import { SHARE_ENV, Worker } from "node:worker_threads";

/** The library that cells work with. */
export type Native = typeof import("@graphpatch/native");

/**
 * Loads the addon, and libtorch with it, on a thread of its own, while the main thread loads the compiler. What was loaded stays with the
 * process: the main thread's turn is short then.
 */
export function loadAddonAhead(): void {
  const worker = new Worker("require(require('node:worker_threads').workerData)", {
    eval: true,
    workerData: require.resolve("@graphpatch/native/dist/binding"),
    env: SHARE_ENV,
  });
  // The main thread will meet the same error, and tell it.
  worker.on("error", () => undefined);
}

/** Loads the library (and libtorch with it, which takes a moment). */
export function loadNative(): Native {
  // By its file: by its name the request would come back here (see moduleRedirects).
  return require(require.resolve("@graphpatch/native")) as Native;
}
