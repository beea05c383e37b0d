import { join } from "node:path";
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
  const difference = Number(torch.noGrad(() => actual.sub(expected).abs().max()).item());
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

/** The architectures of the fixtures and where each keeps the same things. */
export const MODELS = [
  {
    name: "gpt2-tiny",
    layers: 3,
    headDim: 8,
    block: (i: number) => `transformer.h_${i}`,
    pattern: (i: number) => `transformer.h_${i}.attn.softmax`,
    act: (i: number) => `transformer.h_${i}.mlp.act`,
    mix: (i: number) => `transformer.h_${i}.attn.c_proj.x`,
    weight: "transformer.h.0.mlp.c_fc.weight",
  },
  ...[
    { name: "llama-tiny", headDim: 8 },
    { name: "llama-tiny-untied", headDim: 12 },
  ].map((model) => ({
    ...model,
    layers: 3,
    block: (i: number) => `model.layers_${i}`,
    pattern: (i: number) => `model.layers_${i}.self_attn.softmax`,
    act: (i: number) => `model.layers_${i}.mlp.act_fn`,
    mix: (i: number) => `model.layers_${i}.self_attn.o_proj.input`,
    weight: "model.layers.0.mlp.gate_proj.weight",
  })),
];

/** Inputs of the fixtures: without a mask, padded on the left, padded on the right. */
export const INPUTS = ["plain", "left", "right"] as const;

export function inputsOf(
  expected: SafetensorsFile,
  input: string,
): { input_ids: Tensor; attention_mask?: Tensor } {
  const input_ids = expected.read(`${input}/input_ids`);
  return input === "plain"
    ? { input_ids }
    : { input_ids, attention_mask: expected.read(`${input}/attention_mask`) };
}
