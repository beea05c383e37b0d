import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";

// An unpatched run is the model itself: the same bits, outputs and gradients, whatever was captured.

/** Every causal model among the fixtures. */
function modelPaths(): string[] {
  const folders = readdirSync(FIXTURES).filter((folder) => {
    const config = join(FIXTURES, folder, "config.json");
    return existsSync(config) && /CausalLM|LMHead/.test(readFileSync(config, "utf8"));
  });
  const files = readdirSync(join(FIXTURES, "gguf")).filter((file) => /-tiny.*\.gguf$/.test(file));
  return [...folders, ...files.map((file) => join("gguf", file))];
}

type Inputs = { input_ids: Tensor; attention_mask?: Tensor };

/** Token ids of every model's vocabulary, the first tokens of each row but the first being padding. */
function someInputs(batch: number, length: number, masked: boolean): Inputs {
  torch.manual_seed(batch * 100 + length);
  const input_ids = torch.randint(3, 40, [batch, length]);
  if (!masked) return { input_ids };
  const attention_mask = torch.arange(length).unsqueeze(0).ge(torch.arange(batch).unsqueeze(1)).long();
  return { input_ids: input_ids.mul(attention_mask), attention_mask };
}

/** Batch size and length of what is captured, and of what is run then. */
const CAPTURED = [2, 5] as const;
const SIZES = [CAPTURED, [3, 17], [1, 1]] as const;

const CASES = modelPaths().flatMap((path) =>
  (["float32", "bfloat16"] as const).flatMap((dtype) =>
    [false, true].map((masked) => ({
      path,
      dtype,
      masked,
      inputs: masked ? "with padding" : "without a mask",
    })),
  ),
);

describe.each(CASES)("$path in $dtype, $inputs", ({ path, dtype, masked }) => {
  let model: CausalLM;
  let pg: PatchableGraph<CausalLM>;
  const threads = torch.getNumThreads();
  afterAll(() => torch.setNumThreads(threads));
  beforeAll(async () => {
    torch.setNumThreads(1); // models this small wait for threads more than they compute
    model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, path), { dtype });
    pg = await PatchableGraph.capture(model, someInputs(...CAPTURED, masked));
  });

  test.each(SIZES)("outputs of %i texts of %i tokens", async (batch, length) => {
    const inputs = someInputs(batch, length, masked);
    const eager = torch.noGrad(() => model.call(inputs));
    for (const run of ["first", "second"]) {
      expect(torch.equal((await pg.run(inputs)).logits, eager.logits), run).toBe(true);
    }
  });

  /** Of all parameters, for a loss in which every logit counts. */
  async function gradients(run: () => Promise<{ logits: Tensor }> | { logits: Tensor }) {
    const parameters = model.stateDict();
    model.requires_grad_();
    for (const parameter of parameters.values()) parameter.grad = null;
    const { logits } = await run();
    await logits.mul(torch.arange(logits.numel()).remainder(7).sub(3).view(logits.shape)).sum().backward();
    model.requires_grad_(false);
    return new Map([...parameters].map(([name, { grad }]) => [name, grad]));
  }

  test.each(SIZES)("gradients, %i texts of %i tokens", async (batch, length) => {
    const inputs = someInputs(batch, length, masked);
    const graph = await gradients(() => pg.run(inputs));
    for (const [parameter, eager] of await gradients(() => model.call(inputs))) {
      const ours = graph.get(parameter);
      expect(eager && ours && torch.equal(ours, eager), parameter).toBe(true);
    }
  });
});
