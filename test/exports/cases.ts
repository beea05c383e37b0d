import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PatchableGraph, SafetensorsFile, type Tensor, torch } from "../../native/lib";
import type { ImportOptions } from "../../native/lib/import/options";

export const FOLDER = join(__dirname, "..", "fixtures", "exports");

/** Names of the archives that have expected values beside them. */
export function caseNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".pt2"))
    .map((file) => file.slice(0, -".pt2".length))
    .filter((name) => existsSync(expectedPath(name)));
}

/** The same model exported by an older PyTorch or transformers has the same values: `twice-torch28` those of `twice`. */
function expectedPath(name: string): string {
  return join(FOLDER, `${name.replace(/-(torch|transformers)\d+$/, "")}.safetensors`);
}

export function loadCase(name: string, options: ImportOptions = {}): Promise<PatchableGraph> {
  return PatchableGraph.load(join(FOLDER, `${name}.pt2`), options);
}

/** One example: its inputs and what PyTorch computed (test/fixtures/make/exports/recorder.py). */
export interface Example {
  inputs: Record<string, unknown>;
  results: Tensor[];
  /** Module calls that give floating tensors. */
  names: string[];
  /** [call, 11] */
  outputs: Tensor | null;
  gradients: Tensor | null;
  /** [call, result, 11] */
  zeroed: Tensor | null;
  replaced: Tensor | null;
}

export function examplesOf(name: string): Example[] {
  const file = new SafetensorsFile(expectedPath(name));
  const names: string[][] = JSON.parse(file.metadata.get("names") ?? "[]");
  return names.map((calls, i) => {
    const read = (key: string) => (file.has(`${i}.${key}`) ? file.read(`${i}.${key}`) : null);
    const prefix = `${i}.input.`;
    const inputs: Record<string, unknown> = {};
    for (const key of file.names().filter((one) => one.startsWith(prefix))) {
      place(inputs, key.slice(prefix.length).split("."), file.read(key));
    }
    const results: Tensor[] = [];
    for (let k = 0; file.has(`${i}.result.${k}`); k++) results.push(file.read(`${i}.result.${k}`));
    return {
      inputs,
      results,
      names: calls,
      outputs: read("outputs"),
      gradients: read("gradients"),
      zeroed: read("zeroed"),
      replaced: read("replaced"),
    };
  });
}

/** Puts `value` at a path of keys and list positions. */
function place(target: Record<string, unknown> | unknown[], [key, ...rest]: string[], value: unknown): void {
  const container = target as Record<string, unknown>;
  if (rest.length === 0) {
    container[key] = value;
    return;
  }
  container[key] ??= /^\d+$/.test(rest[0]) ? [] : {};
  place(container[key] as Record<string, unknown>, rest, value);
}

const HEAD = 8;

/** The recorder's fingerprint: number of elements, two projections, the first elements. */
export function fingerprint(tensor: Tensor): number[] {
  const flat = tensor.detach().cpu().to("float64").reshape([-1]);
  const count = flat.shape[0];
  const scale = Math.sqrt(Math.max(count, 1));
  const index = torch.arange(count, { dtype: "float64" });
  const projections = [torch.sin(index), torch.cos(index)].map(
    (weights) => (flat.mul(weights).sum().item() as number) / scale,
  );
  const head = flat.slice(0, 0, Math.min(HEAD, count)).tolist() as number[];
  return [count, ...projections, ...head, ...new Array(HEAD - head.length).fill(0)];
}

/** Floating tensors in a result, in PyTorch's order. */
export function floatLeaves(value: unknown): Tensor[] {
  if (value && typeof value === "object" && "shape" in value && "dtype" in value) {
    const tensor = value as Tensor;
    return tensor.dtype.startsWith("float") || tensor.dtype === "bfloat16" ? [tensor] : [];
  }
  if (Array.isArray(value)) return value.flatMap(floatLeaves);
  if (value && typeof value === "object") return Object.values(value).flatMap(floatLeaves);
  return [];
}

/** What the recorder differentiates. */
export function lossOf(result: unknown): Tensor {
  return floatLeaves(result)
    .map((leaf) => {
      const weights = torch.sin(torch.arange(leaf.numel(), { dtype: "float64" })).reshape(leaf.shape);
      return leaf.cpu().to("float64").mul(weights).sum();
    })
    .reduce((sum, one) => sum.add(one));
}

/** The recorder's replacement for a value. */
export function replacementLike(shape: number[], dtype: Tensor["dtype"]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return torch
    .sin(torch.arange(count, { dtype: "float64" }))
    .mul(0.1)
    .to(dtype)
    .reshape(shape);
}

export function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}
