import { join } from "node:path";
import {
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  type CausalLM,
  type EncoderInputs,
  type FromPretrainedOptions,
  type MaskedLM,
} from "../../native/lib/models";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { SafetensorsFile } from "../../native/lib/weights";
import { FIXTURES } from "./files";

/** What PyTorch computed (test/fixtures/make). */
export function expectedValues(name: string): SafetensorsFile {
  return new SafetensorsFile(join(FIXTURES, "expected", `${name}.safetensors`));
}

/** Largest absolute difference; infinite when the shapes differ or something is not a number. */
export function maxDifference(actual: Tensor, expected: Tensor): number {
  if (String(actual.shape) !== String(expected.shape)) return Number.POSITIVE_INFINITY;
  const difference = Number(torch.noGrad(() => actual.cpu().sub(expected.cpu()).abs().max()).item());
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

/** The same in units of the largest expected number where that is above 1: another processor adds in another order, and rounds there. */
export function relativeDifference(actual: Tensor, expected: Tensor): number {
  return maxDifference(actual, expected) / Math.max(1, Number(expected.abs().max().item()));
}

/** A model of the fixtures, and where it keeps the same things as the others. */
export interface ParityModel {
  readonly name: string;
  readonly layers: number;
  readonly hidden: number;
  readonly headDim: number;
  readonly load: (path: string, options?: FromPretrainedOptions) => Promise<CausalLM | MaskedLM>;
  readonly block: (layer: number) => string;
  readonly pattern: (layer: number) => string;
  readonly act: (layer: number) => string;
  readonly mlp: (layer: number) => string;
  /** What the attention's last projection is given. */
  readonly mix: (layer: number) => string;
  /** A parameter of the first block. */
  readonly weight: string;
}

type Sizes = Pick<ParityModel, "name" | "layers" | "hidden" | "headDim">;

/** Paths of the parts of a block, below it. */
interface BlockPaths {
  pattern: string;
  act: string;
  mlp: string;
  mix: string;
  weight: string;
}

function decoder(blocks: string, paths: BlockPaths, ...models: Sizes[]): ParityModel[] {
  const block = (layer: number) => `${blocks}_${layer}`;
  return models.map((sizes) => ({
    ...sizes,
    load: (path, options) => AutoModelForCausalLM.fromPretrained(path, options),
    block,
    pattern: (layer) => `${block(layer)}.${paths.pattern}`,
    act: (layer) => `${block(layer)}.${paths.act}`,
    mlp: (layer) => `${block(layer)}.${paths.mlp}`,
    mix: (layer) => `${block(layer)}.${paths.mix}`,
    weight: `${blocks}.0.${paths.weight}`,
  }));
}

const LLAMA: BlockPaths = {
  pattern: "self_attn.softmax",
  act: "mlp.act_fn",
  mlp: "mlp",
  mix: "self_attn.o_proj.input",
  weight: "mlp.gate_proj.weight",
};

const GPT2: BlockPaths = {
  pattern: "attn.softmax",
  act: "mlp.act",
  mlp: "mlp",
  mix: "attn.c_proj.x",
  weight: "mlp.c_fc.weight",
};

const PHI3: BlockPaths = { ...LLAMA, act: "mlp.activation_fn", weight: "mlp.gate_up_proj.weight" };

const GPT_NEOX: BlockPaths = {
  pattern: "attention.softmax",
  act: "mlp.act",
  mlp: "mlp",
  mix: "attention.dense.input",
  weight: "mlp.dense_h_to_4h.weight",
};

const OPT: BlockPaths = {
  pattern: "self_attn.softmax",
  act: "activation_fn",
  mlp: "fc2",
  mix: "self_attn.out_proj.input",
  weight: "fc1.weight",
};

const BERT: BlockPaths = {
  pattern: "attention.self.softmax",
  act: "intermediate.intermediate_act_fn",
  mlp: "output.dense",
  mix: "attention.output.dense.input",
  weight: "intermediate.dense.weight",
};

/** The decoders of the fixtures. */
export const DECODERS: readonly ParityModel[] = [
  ...decoder("transformer.h", GPT2, { name: "gpt2-tiny", layers: 3, hidden: 32, headDim: 8 }),
  ...decoder(
    "model.layers",
    LLAMA,
    { name: "llama-tiny", layers: 3, hidden: 32, headDim: 8 },
    { name: "llama-tiny-untied", layers: 3, hidden: 32, headDim: 12 },
    { name: "llama-tiny-dynamic", layers: 2, hidden: 16, headDim: 6 },
    { name: "mistral-tiny", layers: 2, hidden: 16, headDim: 6 },
    { name: "mistral-tiny-full", layers: 2, hidden: 16, headDim: 4 },
    { name: "qwen2-tiny", layers: 3, hidden: 32, headDim: 8 },
    { name: "qwen3-tiny", layers: 3, hidden: 16, headDim: 6 },
    { name: "gemma-tiny", layers: 2, hidden: 24, headDim: 8 },
    { name: "gemma2-tiny", layers: 3, hidden: 16, headDim: 6 },
    { name: "gemma3-tiny", layers: 3, hidden: 16, headDim: 6 },
  ),
  ...decoder(
    "model.layers",
    PHI3,
    { name: "phi3-tiny", layers: 2, hidden: 32, headDim: 8 },
    { name: "phi3-tiny-longrope", layers: 2, hidden: 16, headDim: 4 },
  ),
  ...decoder(
    "gpt_neox.layers",
    GPT_NEOX,
    { name: "gpt-neox-tiny", layers: 2, hidden: 32, headDim: 8 },
    { name: "gpt-neox-tiny-sequential", layers: 2, hidden: 24, headDim: 6 },
  ),
  ...decoder(
    "model.decoder.layers",
    OPT,
    { name: "opt-tiny", layers: 2, hidden: 16, headDim: 4 },
    { name: "opt-tiny-post", layers: 2, hidden: 16, headDim: 4 },
  ),
];

/** All models of the fixtures. */
export const MODELS: readonly ParityModel[] = [
  ...DECODERS,
  ...decoder("bert.encoder.layer", BERT, { name: "bert-tiny", layers: 2, hidden: 16, headDim: 4 }).map(
    (model) => ({
      ...model,
      load: (path: string, options?: FromPretrainedOptions) =>
        AutoModelForMaskedLM.fromPretrained(path, options),
    }),
  ),
];

/** Inputs of the fixtures: without a mask, padded on the left, padded on the right. */
export const INPUTS = ["plain", "left", "right"] as const;

export function inputsOf(expected: SafetensorsFile, input: string): EncoderInputs {
  const names = new Set(expected.names());
  const optional = (key: "attention_mask" | "token_type_ids") =>
    names.has(`${input}/${key}`) ? { [key]: expected.read(`${input}/${key}`) } : {};
  return {
    input_ids: expected.read(`${input}/input_ids`),
    ...optional("attention_mask"),
    ...optional("token_type_ids"),
  };
}
