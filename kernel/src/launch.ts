import { InterruptState } from "./control/interruptState";
import { ADDON } from "./preload/native";
import { WireClient } from "./wire/wireClient";

/** Runs the kernel of one connection file in this process. */
export function launch(connectionFile: string): void {
  const state = new InterruptState();
  const wire = new WireClient(connectionFile, state, require.resolve(ADDON));
  // An interrupt may come before the kernel is ready, and must not stop it half-made.
  state.shield(() => {
    // Required after the wire thread is on its way: the compiler takes longer to load than the first answer may take.
    const { startKernel } = require("./kernel") as typeof import("./kernel");
    startKernel(wire, state);
  });
}
