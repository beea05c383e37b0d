// Opens the graphs that tests load without saying where on a GPU, so that whole test files can be run there.
import { afterAll, expect } from "vitest";
import { PatchableGraph } from "../../native/lib";
import { gpu, hasStandIn } from "./standInGpu";

/**
 * Recurrent layers have kernels of their own in CUDA, which the stand-in lacks; what was exported inside of torch.autocast("cpu") is
 * converted for the processor.
 */
const NOT_ON_GPU = /\/(?:lstm|composites|autocast)[^/]*$/;

if (hasStandIn) {
  const load = PatchableGraph.load.bind(PatchableGraph);
  const loadOnGpu: typeof load = (path, options = {}) =>
    load(path, NOT_ON_GPU.test(path) ? options : { device: "cuda:1", ...options });
  Object.assign(PatchableGraph, { load: loadOnGpu });
  afterAll(() => expect(gpu.memory(1).mostBytes).toBeGreaterThan(0));
}
