import "../support/standInGpu";
import "../support/modelsOnGpus";
import { describeOnGpu } from "../support/standInGpu";

// Patches and their gradients are PyTorch's where the blocks they are in are on two GPUs.
describeOnGpu("on GPUs", async () => {
  await import("../parity/patches.test");
  await import("../parity/slices.test");
});
