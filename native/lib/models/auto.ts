import { CorruptFileError } from "../errors";
import type { DownloadProgress, HubOptions } from "../hub";
import type { PlacementOptions } from "../placement";
import { type Architecture, architecture } from "./architectures";
import type { CausalLM } from "./causalLM";
import { type Checkpoint, openCheckpoint } from "./checkpoint";
import { ConfigReader } from "./configReader";
import { fetchModel } from "./fromHub";
import { loadWeights, placementFor } from "./loadWeights";
import { findModel } from "./locate";
import { type ModelDType, type WeightOptions, weightForm } from "./weightForm";

/** How far loading has come: `done` of `total` tensors, or bytes while files come from the hub. */
export type LoadProgress = DownloadProgress | { stage: "weights"; done: number; total: number };

export interface FromPretrainedOptions extends HubOptions, WeightOptions, PlacementOptions {
  /** Called as loading goes on, at most every 50 ms and at the end. Without it a terminal shows downloads. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

const HEAD = "lm_head.weight";

/** Loads language models: GPT-2 and Llama, from transformers directories, GGUF files and the Hugging Face hub. */
export const AutoModelForCausalLM = {
  /**
   * Loads a model, ready to run: parameters are frozen (`requires_grad` false). Weights that the file has and the
   * model has no place for are named in a warning.
   *
   * @param pathOrName a transformers directory (`config.json` and safetensors), a `.gguf` file, or a model's name,
   *   here or on the hub (see {@link findModel}); `"smollm2-135m-instruct"` is the demo model
   * @throws MissingFileError saying what was looked for and where.
   * @throws HubError, which is one, saying what to do when the hub does not give the files.
   * @throws CancelledError once `signal` is aborted.
   * @throws DeviceError saying why a device of `deviceMap` cannot be used.
   * @throws CorruptFileError naming the file and what is wrong in it, or the weights that it lacks.
   * @throws UnknownArchitectureError listing the known architectures.
   * @throws ShapeError naming a weight whose shape does not fit the configuration.
   */
  async fromPretrained(pathOrName: string, options: FromPretrainedOptions = {}): Promise<CausalLM> {
    const form = weightForm(options);
    const { dtype } = form;
    const checkpoint = openCheckpoint(await findModel(pathOrName, options, fetchModel));
    const arch = architecture(checkpoint.modelType, checkpoint.path);
    const { model, tied } = arch.build(checkpoint.config, { device: "meta", dtype });
    const names = matchNames(checkpoint, arch, model, tied);
    const shared = tied ? [[arch.embedding, HEAD]] : [];
    const placement = placementFor(model, options, form);
    await loadWeights(model, checkpoint.weights, names, shared, form, placement, options);
    model.requires_grad_(false);
    return model;
  },

  /**
   * Makes a model with random weights, frozen as loaded ones are: for tests, benchmarks and first steps.
   *
   * @param config what a `config.json` says; fields that are left out take transformers' defaults
   * @throws CorruptFileError naming a field that is wrong; UnknownArchitectureError listing the known architectures.
   * @example
   * AutoModelForCausalLM.fromConfig({ model_type: "gpt2", n_layer: 2, n_embd: 64, n_head: 4 })
   */
  fromConfig(
    config: { readonly model_type: string; readonly [key: string]: unknown },
    options: { dtype?: ModelDType } = {},
  ): CausalLM {
    const { dtype } = weightForm(options);
    const source = "the configuration";
    const { model } = architecture(config.model_type, source).build(new ConfigReader(config, source), {
      dtype,
    });
    model.requires_grad_(false);
    return model;
  },
};

/**
 * The file's names by the model's names, for the weights to read.
 * @throws CorruptFileError listing weights of the model that the file lacks.
 */
function matchNames(
  checkpoint: Checkpoint,
  arch: Architecture,
  model: CausalLM,
  tied: boolean,
): Map<string, string> {
  const own = new Set(model.stateDict().keys());
  if (tied) own.delete(HEAD);
  const matched = new Map<string, string>();
  const unexpected: string[] = [];
  for (const name of checkpoint.weights.names()) {
    const target = [name, `${arch.baseName}.${name}`].find((candidate) => own.has(candidate));
    if (target !== undefined) matched.set(target, name);
    else if (!(tied && name === HEAD) && !arch.ignored.test(name)) unexpected.push(name);
  }
  const missing = [...own].filter((name) => !matched.has(name));
  if (missing.length > 0) {
    throw new CorruptFileError(
      `${checkpoint.weights.path} lacks ${missing.length} of the weights of ${model.constructor.name}: ${listed(missing)}`,
    );
  }
  if (unexpected.length > 0) {
    console.warn(
      `${checkpoint.weights.path} has ${unexpected.length} weights that ${model.constructor.name} has no place for: ${listed(unexpected)}`,
    );
  }
  return matched;
}

function listed(names: string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
