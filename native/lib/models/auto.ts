import { activeSignal } from "../cancellation";
import type { DownloadProgress, HubOptions } from "../hub";
import type { PlacementOptions } from "../placement";
import type { WeightsProgress } from "../weights/progress";
import { architecture, buildFor, type Task, type Tasks } from "./architectures";
import { openCheckpoint } from "./checkpoint";
import { ConfigReader } from "./configReader";
import { fetchModel } from "./fromHub";
import { loadWeights, placementFor } from "./loadWeights";
import { findModel } from "./locate";
import { matchNames, sharedWeights } from "./matchWeights";
import { type ModelDType, type WeightOptions, weightForm } from "./weightForm";

/** How far loading has come: `done` of `total` tensors, or bytes while files come from the hub. */
export type LoadProgress = DownloadProgress | WeightsProgress;

export interface FromPretrainedOptions extends HubOptions, WeightOptions, PlacementOptions {
  /** Called as loading goes on, at most every 50 ms and at the end. Without it a terminal shows downloads. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Loads models for a task, from transformers directories, GGUF files and the Hugging Face hub. */
export class AutoClass<T extends Task> {
  constructor(private readonly task: T) {}

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
  async fromPretrained(pathOrName: string, given: FromPretrainedOptions = {}): Promise<Tasks[T]> {
    const options = { ...given, signal: activeSignal(given.signal) };
    const form = weightForm(options);
    const checkpoint = openCheckpoint(await findModel(pathOrName, options, fetchModel));
    const { modelType, path, config, weights: file } = checkpoint;
    const build = buildFor(this.task, modelType, path);
    const model = build.make(config, { device: "meta", dtype: form.dtype }, file.names());
    const matched = matchNames(file, architecture(modelType, path), build.unused, model);
    const { names, shared } = sharedWeights(model, file, matched);
    const placement = placementFor(model, options, form);
    await loadWeights(model, file, names, shared, form, placement, options);
    model.requires_grad_(false);
    if (options.deviceMap === undefined) return model;
    return Object.assign(model, { hfDeviceMap: Object.fromEntries(placement.places) });
  }

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
  ): Tasks[T] {
    const { dtype } = weightForm(options);
    const source = "the configuration";
    const model = buildFor(this.task, config.model_type, source).make(new ConfigReader(config, source), {
      dtype,
    });
    model.requires_grad_(false);
    return model;
  }
}

/** Language models that predict the next token: GPT-2, GPT-NeoX, Llama, Mistral, Qwen2, Qwen3, Gemma 1 to 3, Phi-3, OPT. */
export const AutoModelForCausalLM = new AutoClass("causalLM");
/** The same models and BERT without a head: what they compute, `{ last_hidden_state }`. */
export const AutoModel = new AutoClass("base");
/** Models that predict masked tokens: BERT. */
export const AutoModelForMaskedLM = new AutoClass("maskedLM");
