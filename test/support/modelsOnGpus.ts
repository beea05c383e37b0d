// Puts the models that tests load without saying where on GPUs, so that whole test files can be run there. The first blocks are on two
// GPUs; the rest is in the processor's memory, which is where results are then.
import { afterAll, expect } from "vitest";
import {
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  type FromPretrainedOptions,
} from "../../native/lib/models";
import { type Module, ModuleList } from "../../native/lib/nn";
import { gpu, hasStandIn } from "./standInGpu";

type Load = (path: string, options?: FromPretrainedOptions) => Promise<Module>;

function onGpus(load: Load): Load {
  return async (path, options = {}) => {
    const model = await load(path, options);
    const [list] = [...model.namedModules()].find(([, module]) => module instanceof ModuleList) ?? [];
    if (options.deviceMap !== undefined || list === undefined) return model;
    return load(path, {
      ...options,
      deviceMap: { "": "cpu", [`${list}.0`]: "cuda:0", [`${list}.1`]: "cuda:1" },
    });
  };
}

if (hasStandIn) {
  for (const auto of [AutoModelForCausalLM, AutoModelForMaskedLM]) {
    Object.assign(auto, { fromPretrained: onGpus(auto.fromPretrained.bind(auto) as Load) });
  }
  afterAll(() => {
    for (const device of [0, 1]) expect(gpu.memory(device).mostBytes).toBeGreaterThan(0);
  });
}
