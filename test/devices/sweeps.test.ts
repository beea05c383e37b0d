import "../support/standInGpu";
import "../support/modelsOnGpus";
import { describeOnGpu } from "../support/standInGpu";

// Sweeps and traces are PyTorch's, and those of ordinary runs, on two GPUs and the processor.
describeOnGpu("on GPUs", async () => {
  await import("../sweep/pytorch.test");
  await import("../sweep/tracing.test");
  await import("../sweep/cells.test");
  await import("../sweep/levels.test");
});
