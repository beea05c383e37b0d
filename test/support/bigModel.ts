import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { safetensorsBytes } from "./safetensorsBytes";

/** Writes a GPT-2 of 28 million parameters in bfloat16, with little memory: what it leaves behind would be counted. */
export function writeBigModel(folder: string): void {
  const config = { model_type: "gpt2", n_embd: 768, n_layer: 4, n_head: 12, vocab_size: 64, n_positions: 64 };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const [width, inner] = [768, 3072];
  const block = {
    "ln_1.weight": [width],
    "ln_1.bias": [width],
    "attn.c_attn.weight": [width, 3 * width],
    "attn.c_attn.bias": [3 * width],
    "attn.c_proj.weight": [width, width],
    "attn.c_proj.bias": [width],
    "ln_2.weight": [width],
    "ln_2.bias": [width],
    "mlp.c_fc.weight": [width, inner],
    "mlp.c_fc.bias": [inner],
    "mlp.c_proj.weight": [inner, width],
    "mlp.c_proj.bias": [width],
  };
  const shapes: [string, number[]][] = [
    ["wte.weight", [64, width]],
    ["wpe.weight", [64, width]],
    ...[0, 1, 2, 3].flatMap((layer) =>
      Object.entries(block).map(([name, shape]): [string, number[]] => [`h.${layer}.${name}`, shape]),
    ),
    ["ln_f.weight", [width]],
    ["ln_f.bias", [width]],
  ];
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + 2 * shape.reduce((product, size) => product * size);
    header[name] = { dtype: "BF16", shape, data_offsets: [offset, end] };
    offset = end;
  }
  // 0.02 and -0.02 as bfloat16, in no order; a megabyte of them again and again.
  const pattern = new Uint8Array(2 ** 20);
  for (let i = 0; i < pattern.length; i += 2) {
    pattern[i] = 0xa4;
    pattern[i + 1] = 0x3c | ((Math.imul(i, 2654435761) >>> 24) & 0x80);
  }
  const file = openSync(join(folder, "model.safetensors"), "w");
  writeSync(file, safetensorsBytes(header));
  for (let left = offset; left > 0; left -= pattern.length) {
    writeSync(file, pattern, 0, Math.min(left, pattern.length));
  }
  closeSync(file);
}
