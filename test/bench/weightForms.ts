import {
  AutoModelForCausalLM,
  type CausalLM,
  type CausalLMInputs,
  type FromPretrainedOptions,
  PatchableGraph,
  torch,
} from "@graphpatch/native";
import { interleaved, type Subject, timed } from "./measure";
import { inputIds } from "./models";
import { megabytes, milliseconds, printTable } from "./report";

const ROUNDS = { rounds: 15, warmUp: 3 };

/** The demo model with its weights in each form: what a form saves in memory, and what a run pays for it. */
export async function benchWeightForms(): Promise<void> {
  const name = "smollm2-135m-instruct";
  const forms: [string, FromPretrainedOptions][] = [
    ["float32", {}],
    ["float32, 8-bit linear layers", { loadIn8bit: true }],
    ["float32, weights as in the file", { keepQuantized: true }],
    ["bfloat16", { dtype: "bfloat16" }],
    ["bfloat16, 8-bit linear layers", { dtype: "bfloat16", loadIn8bit: true }],
    ["bfloat16, weights as in the file", { dtype: "bfloat16", keepQuantized: true }],
  ];
  const inputs: CausalLMInputs = { input_ids: torch.tensor([inputIds.map((id) => id % 49152)]) };
  const runs = new Map<string, Subject>();
  const rows = [["", "load", "weights", "run"]];
  const loads = new Map<string, [string, string]>();
  for (const [label, options] of forms) {
    const start = performance.now();
    const model = await AutoModelForCausalLM.fromPretrained(name, options);
    loads.set(label, [milliseconds(performance.now() - start), megabytes(weightBytes(model))]);
    const pg = await PatchableGraph.capture(model, { ...inputs });
    runs.set(
      label,
      timed(() => pg.run({ ...inputs })),
    );
  }
  for (const [label, ms] of await interleaved(runs, ROUNDS)) {
    rows.push([label, ...(loads.get(label) ?? []), milliseconds(ms)]);
  }
  printTable(`SmolLM2-135M-Instruct from GGUF (Q4_1), ${inputIds.length} tokens`, rows);
}

/** Bytes of a model's parameters and buffers, tied ones once. */
function weightBytes(model: CausalLM): number {
  const sizes: Record<string, number> = { uint8: 1, int8: 1, bfloat16: 2, float32: 4, int64: 8 };
  const tensors = new Set([...model.parameters(), ...[...model.namedBuffers()].map(([, buffer]) => buffer)]);
  return [...tensors].reduce((sum, tensor) => sum + tensor.numel() * sizes[tensor.dtype], 0);
}
