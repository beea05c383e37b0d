import "../support/standInGpu";
import "../support/graphsOnGpu";
import { describeOnGpu } from "../support/standInGpu";

// Archives of torch.export compute what PyTorch computes where they are loaded to a GPU.
describeOnGpu("on GPUs", async () => {
  await import("../exports/parity.test");
  await import("../exports/constraints.test");
});
