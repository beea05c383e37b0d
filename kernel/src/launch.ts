import { InterruptState } from "./control/interruptState";
import { ADDON } from "./preload/native";
import { loadCompiler } from "./startup/compilerCode";
import { defaultCacheFolder, StartCache } from "./startup/startCache";
import { WireClient } from "./wire/wireClient";

/** When most of what kernels use of the compiler has been used, in milliseconds. */
const KEEP_CODE_AFTER = 1000;

/** Runs the kernel of one connection file in this process. */
export function launch(connectionFile: string): void {
  const state = new InterruptState();
  const wire = new WireClient(connectionFile, state, require.resolve(ADDON));
  // An interrupt may come before the kernel is ready, and must not stop it half-made.
  state.shield(() => {
    // After the wire thread is on its way: the compiler takes longer to load than the first answer may take.
    const cache = new StartCache(defaultCacheFolder());
    const keepCode = loadCompiler(cache);
    const { startKernel } = require("./kernel") as typeof import("./kernel");
    startKernel(wire, state, cache);
    setTimeout(keepCode, KEEP_CODE_AFTER).unref();
  });
}
