import "../support/standInGpu";
import "../support/modelsOnGpus";
import { describeOnGpu } from "../support/standInGpu";

// Attribution and differences of runs are PyTorch's on two GPUs and the processor.
describeOnGpu("on GPUs", async () => {
  await import("../attribution/attribution.test");
  await import("../difference/difference.test");
});
