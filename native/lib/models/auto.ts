import { setImmediate } from "node:timers/promises";
import { ArgumentError, CorruptFileError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import type { LoadProgress } from "../weights/progress";
import { type Architecture, architecture } from "./architectures";
import type { CausalLM } from "./causalLM";
import { type Checkpoint, openCheckpoint } from "./checkpoint";
import { ConfigReader } from "./configReader";
import { locateModel } from "./locate";

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
const HEAD = "lm_head.weight";

/** Loads language models: GPT-2 and Llama, from transformers directories and GGUF files. */
export const AutoModelForCausalLM = {
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
  async fromPretrained(pathOrName: string, options: FromPretrainedOptions = {}): Promise<CausalLM> {
    const { dtype = "float32", onProgress } = options;
    checkDType(dtype);
    const checkpoint = openCheckpoint(locateModel(pathOrName));
    const arch = architecture(checkpoint.modelType, checkpoint.path);
    const { model, tied } = arch.build(checkpoint.config, { device: "meta", dtype });
    const names = matchNames(checkpoint, arch, model, tied);
    const weights = await readWeights(checkpoint, names, dtype, onProgress);
    const embedding = weights.get(arch.embedding);
    if (tied && embedding) weights.set(HEAD, embedding);
    model.loadStateDict(weights);
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
    const { dtype = "float32" } = options;
    checkDType(dtype);
    const source = "the configuration";
    const { model } = architecture(config.model_type, source).build(new ConfigReader(config, source), {
      dtype,
    });
    model.requires_grad_(false);
    return model;
  },
};

function checkDType(dtype: unknown): void {
  if (DTYPES.some((known) => known === dtype)) return;
  throw new ArgumentError(`dtype must be one of ${DTYPES.join(", ")}; found ${JSON.stringify(dtype)}`);
}

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
