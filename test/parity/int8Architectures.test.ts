import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import {
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  type CausalLM,
  type MaskedLM,
} from "../../native/lib/models";
import * as nn from "../../native/lib/nn";
import { ReplacePatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { saveSafetensors } from "../../native/lib/weights";
import { writeBigModel } from "../support/bigModel";
import { ScratchFolder } from "../support/files";
import { bytesHeld, residentMemory } from "../support/memory";

const SIZES = {
  vocab_size: 60,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};
const GROUPED = { ...SIZES, num_key_value_heads: 2, head_dim: 16 };
const CONFIGS: readonly { model_type: string; [field: string]: unknown }[] = [
  { model_type: "gpt2", vocab_size: 60, n_embd: 64, n_layer: 2, n_head: 4, n_positions: 32 },
  { model_type: "gpt_neox", ...SIZES },
  { model_type: "llama", ...GROUPED },
  { model_type: "mistral", ...GROUPED, sliding_window: 3 },
  { model_type: "qwen2", ...GROUPED },
  { model_type: "qwen3", ...GROUPED },
  { model_type: "gemma", ...GROUPED },
  { model_type: "gemma2", ...GROUPED, sliding_window: 3 },
  { model_type: "gemma3_text", ...GROUPED, sliding_window: 3 },
  { model_type: "phi3", ...GROUPED, pad_token_id: 0 },
  { model_type: "opt", ...SIZES, ffn_dim: 96, word_embed_proj_dim: 64, max_position_embeddings: 32 },
  { model_type: "bert", ...SIZES, max_position_embeddings: 32 },
];

type Model = CausalLM | MaskedLM;

const isLinear = (module: nn.Module): boolean => module instanceof nn.Linear || module instanceof nn.Conv1D;
const nodeOf = (path: string): string => path.replace(/\.(?=\d+(?:\.|$))/g, "_");
const bytesOf = (tensors: Iterable<Tensor>): number =>
  [...new Set(tensors)].reduce((sum, tensor) => sum + tensor.numel() * (tensor.dtype === "int8" ? 1 : 4), 0);

/** Weights of a model as it is initialised, but with one input feature of each linear layer eight times as large. */
function* weightsOf(model: Model): Generator<[string, Tensor]> {
  const seen = new Set<Tensor>();
  const modules = new Map(model.namedModules());
  for (const [name, parameter] of model.stateDict()) {
    if (seen.has(parameter)) continue;
    seen.add(parameter);
    const module = modules.get(name.slice(0, name.lastIndexOf("."))) as nn.Module;
    const isNorm = /norm|ln_/i.test(name) && !model.config.model_type.startsWith("gemma");
    const weight = torch.randn([...parameter.shape]).mul(0.02);
    if (isNorm && name.endsWith("weight")) yield [name, weight.add(1)];
    else if (isLinear(module) && name.endsWith("weight")) {
      const inputs = parameter.shape[module instanceof nn.Conv1D ? 0 : 1];
      const factors = torch.ones([inputs]);
      factors.setAt([inputs >> 1], 8);
      yield [name, weight.mul(module instanceof nn.Conv1D ? factors.unsqueeze(1) : factors)];
    } else yield [name, weight];
  }
}

describe.each(CONFIGS)("$model_type in 8 bits", (config) => {
  const auto = config.model_type === "bert" ? AutoModelForMaskedLM : AutoModelForCausalLM;
  const scratch = new ScratchFolder();
  const attention_mask = torch.tensor([
    [0, 0, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 1],
  ]);
  const inputs = { input_ids: torch.arange(14).view([2, 7]).mul(5).remainder(57).add(3), attention_mask };
  let exact: Model;
  let int8: Model;
  /** What loading the model in 8 bits took, in bytes. */
  let taken: number;

  beforeAll(async () => {
    torch.manual_seed(13);
    writeFileSync(join(scratch.path, "config.json"), JSON.stringify(config));
    const weights = new Map(weightsOf(auto.fromConfig(config)));
    await saveSafetensors(join(scratch.path, "model.safetensors"), weights);
    exact = await auto.fromPretrained(scratch.path);
    const before = await bytesHeld();
    int8 = await auto.fromPretrained(scratch.path, { loadIn8bit: true });
    taken = (await bytesHeld()) - before;
  });
  afterAll(() => scratch[Symbol.dispose]());

  const layers = (): Map<string, nn.Module> =>
    new Map([...int8.namedModules()].filter(([, module]) => module.parametrization("weight") !== null));

  test("every linear layer that is not tied to the embedding is", () => {
    const embeddings = new Set(
      [...exact.namedModules()].flatMap(([, m]) => (m instanceof nn.Embedding ? [m.weight] : [])),
    );
    const linear = [...exact.namedModules()].filter(
      ([, module]) => isLinear(module) && !embeddings.has((module as nn.Linear).weight),
    );
    expect([...layers().keys()]).toEqual(linear.map(([path]) => path));
    expect(linear.length).toBeGreaterThan(7);
  });

  test("logits within 2 % of float32, with the same top token after each text", () => {
    const [ours, wanted] = [int8, exact].map((model) => model.call(inputs).logits);
    const difference = ours.sub(wanted).abs().mul(attention_mask.unsqueeze(-1)).max();
    expect(Number(difference.item())).toBeLessThanOrEqual(0.02 * Number(wanted.abs().max().item()));
    const top = (logits: Tensor) => logits.at(":, -1").argmax(-1).tolist();
    expect(top(ours)).toEqual(top(wanted));
  });

  test("the weights of the linear layers take at most 30 % of their size in float32, in memory that is held", () => {
    const others = bytesOf([...int8.parameters()]);
    const weights = [...layers().values()].map(
      (module) => module.parametrization("weight")?.parameterShape ?? [],
    );
    const inFloat32 = weights.reduce((sum, shape) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
    expect(inFloat32).toBeGreaterThan(100_000);
    expect(taken - others).toBeGreaterThan(0.25 * inFloat32);
    expect(taken - others).toBeLessThanOrEqual(0.3 * inFloat32);
  });

  test("each weight is a node: replaced by the exact ones, they give the exact model's logits, bit for bit", async () => {
    const pg = await PatchableGraph.capture(int8, inputs);
    const stored = exact.stateDict();
    const patches = [...layers().keys()].map((path): [string, ReplacePatch] => [
      `${nodeOf(path)}.weight`,
      new ReplacePatch({ value: stored.get(`${path}.weight`) as Tensor }),
    ]);
    const { logits } = await pg.patch(Object.fromEntries(patches), () => pg.run(inputs));
    expect(torch.equal(logits, exact.call(inputs).logits)).toBe(true);
    expect(torch.equal((await pg.run(inputs)).logits, int8.call(inputs).logits)).toBe(true);
  });
});

test.runIf(process.platform === "linux")(
  "what the process holds is the weights in 8 bits, and nothing of the file",
  async () => {
    using scratch = new ScratchFolder();
    writeBigModel(scratch.path);
    // 28 million weights, 56 MB in the file.
    const before = residentMemory();
    const model = await AutoModelForCausalLM.fromPretrained(scratch.path, { loadIn8bit: true });
    expect(residentMemory() - before).toBeLessThan(45e6);
    expect([...model.namedModules()].filter(([, module]) => module.parametrization("weight"))).toHaveLength(
      16,
    );
  },
);
