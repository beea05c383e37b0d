import { CorruptFileError } from "../errors";
import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { WeightSource } from "../weights/weightSource";
import type { Architecture } from "./architectures";

/**
 * The file's names by the model's names, for the weights to read. Weights that the model has no place for are named in a
 * warning.
 *
 * @param unused names of weights that the model leaves in the file on purpose
 * @throws CorruptFileError listing weights of the model that the file lacks.
 */
export function matchNames(
  file: WeightSource,
  { baseName, ignored, renamed = [] }: Architecture,
  unused: RegExp | undefined,
  model: Module,
): Map<string, string> {
  const own = new Set(model.stateDict().keys());
  const matched = new Map<string, string>();
  const unexpected: string[] = [];
  for (const name of file.names()) {
    const current = renamed.reduce((text, [pattern, to]) => text.replace(pattern, to), name);
    const bare = current.startsWith(`${baseName}.`) ? current.slice(baseName.length + 1) : current;
    const target = [current, `${baseName}.${current}`, bare].find((candidate) => own.has(candidate));
    if (target !== undefined) matched.set(target, name);
    else if (!ignored.test(current) && !unused?.test(current)) unexpected.push(name);
  }
  const missing = sharedNames(model)
    .filter((names) => !names.some((name) => matched.has(name)))
    .map(([name]) => name);
  if (missing.length > 0) {
    throw new CorruptFileError(
      `${file.path} lacks ${missing.length} of the weights of ${model.constructor.name}: ${listed(missing)}`,
    );
  }
  if (unexpected.length > 0) {
    console.warn(
      `${file.path} has ${unexpected.length} weights that ${model.constructor.name} has no place for: ${listed(unexpected)}`,
    );
  }
  return matched;
}

/**
 * Gives weights that the model shares (tied embeddings) to each of their names. Where a file has them twice and different,
 * they are kept apart, with a warning, as transformers does.
 */
export function shareWeights(model: Module, weights: Map<string, Tensor>, path: string): void {
  for (const names of sharedNames(model)) {
    const present = names.filter((name) => weights.has(name));
    const shared = weights.get(present[0]);
    if (names.length === 1 || !shared) continue;
    const other = present.find((name) => !sameValues(shared, weights.get(name)));
    if (other !== undefined) {
      console.warn(
        `${path}: by its configuration ${other} is ${present[0]}, but the file has both and they differ; each is taken as it is`,
      );
    }
    for (const name of names) if (other === undefined || !weights.has(name)) weights.set(name, shared);
  }
}

function sameValues(a: Tensor, b: Tensor | undefined): boolean {
  return b !== undefined && (a === b || (String(a.shape) === String(b.shape) && torch.equal(a, b)));
}

/** The model's names of each of its tensors. */
function sharedNames(model: Module): string[][] {
  const names = new Map<Tensor, string[]>();
  for (const [name, tensor] of model.stateDict()) names.set(tensor, [...(names.get(tensor) ?? []), name]);
  return [...names.values()];
}

function listed(names: string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
