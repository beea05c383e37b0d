import { setImmediate } from "node:timers/promises";
import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { architecture, buildFor, type Task, type Tasks } from "./architectures";
import { type Checkpoint, openCheckpoint } from "./checkpoint";
import { ConfigReader } from "./configReader";
import { locateModel } from "./locate";
import { matchNames, shareWeights } from "./matchWeights";

/** How far loading has come: `done` of `total` tensors. */
export interface LoadProgress {
  stage: "weights";
  done: number;
  total: number;
}

/** The dtypes that a model can be loaded in. */
export type ModelDType = "float32" | "float16" | "bfloat16";

export interface FromPretrainedOptions {
  /** What the parameters are converted to; `float32` unless given, whatever the file holds. */
  dtype?: ModelDType;
  /** Called as loading goes on, at most every 50 ms and at the end. */
  onProgress?: (progress: LoadProgress) => void;
}

const DTYPES: readonly ModelDType[] = ["float32", "float16", "bfloat16"];
/** How long loading may keep the thread before timers and messages get their turn. */
const TURN_MS = 50;

/** Loads models for a task, from transformers directories and GGUF files. */
export class AutoClass<T extends Task> {
  constructor(private readonly task: T) {}

  /**
   * Loads a model, ready to run: parameters are frozen (`requires_grad` false). Weights that the file has and the
   * model has no place for are named in a warning.
   *
   * @param pathOrName a transformers directory (`config.json` and safetensors), a `.gguf` file, or a model's name
   *   (see {@link locateModel}); `"smollm2-135m-instruct"` is the demo model
   * @throws MissingFileError saying what was looked for and where.
   * @throws CorruptFileError naming the file and what is wrong in it, or the weights that it lacks.
   * @throws UnknownArchitectureError listing the known architectures.
   * @throws ShapeError naming a weight whose shape does not fit the configuration.
   */
  async fromPretrained(pathOrName: string, options: FromPretrainedOptions = {}): Promise<Tasks[T]> {
    const { dtype = "float32", onProgress } = options;
    checkDType(dtype);
    const checkpoint = openCheckpoint(locateModel(pathOrName));
    const { modelType, path, config, weights: file } = checkpoint;
    const build = buildFor(this.task, modelType, path);
    const model = build.make(config, { device: "meta", dtype }, file.names());
    const names = matchNames(file, architecture(modelType, path), build.unused, model);
    const weights = await readWeights(checkpoint, names, dtype, onProgress);
    shareWeights(model, weights, file.path);
    model.loadStateDict(weights);
    model.requires_grad_(false);
    return model;
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
    const { dtype = "float32" } = options;
    checkDType(dtype);
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

function checkDType(dtype: unknown): void {
  if (DTYPES.some((known) => known === dtype)) return;
  throw new ArgumentError(`dtype must be one of ${DTYPES.join(", ")}; found ${JSON.stringify(dtype)}`);
}

async function readWeights(
  checkpoint: Checkpoint,
  names: ReadonlyMap<string, string>,
  dtype: ModelDType,
  onProgress: FromPretrainedOptions["onProgress"],
): Promise<Map<string, Tensor>> {
  const weights = new Map<string, Tensor>();
  let turn = performance.now();
  for (const [target, name] of names) {
    const stored = checkpoint.weights.read(name);
    weights.set(target, stored.dtype === dtype ? stored : stored.to(dtype));
    if (performance.now() - turn > TURN_MS) {
      onProgress?.({ stage: "weights", done: weights.size, total: names.size });
      await setImmediate();
      turn = performance.now();
    }
  }
  onProgress?.({ stage: "weights", done: names.size, total: names.size });
  return weights;
}
