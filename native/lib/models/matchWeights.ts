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
 * Which of the matched weights to read, and the names of those that are one in the model (tied embeddings), the one to read first.
 * Where a file has such weights twice and different, they are kept apart, with a warning, as transformers does.
 *
 * @param matched the file's names by the model's names
 */
export function sharedWeights(
  model: Module,
  file: WeightSource,
  matched: ReadonlyMap<string, string>,
): { names: Map<string, string>; shared: string[][] } {
  const names = new Map(matched);
  const shared: string[][] = [];
  for (const group of sharedNames(model)) {
    const [first, ...others] = group.filter((name) => matched.has(name));
    if (group.length === 1 || first === undefined) continue;
    const apart = others.filter((name) => !haveSameValues(file, matched.get(first), matched.get(name)));
    for (const name of apart) {
      console.warn(
        `${file.path}: ${name} and ${first} are one weight in a ${model.constructor.name} of this configuration, but the file has both and they differ; each is taken as it is`,
      );
    }
    const one = group.filter((name) => name !== first && !apart.includes(name));
    for (const name of one) names.delete(name);
    shared.push([first, ...one]);
  }
  return { names, shared };
}

function haveSameValues(file: WeightSource, a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a === b;
  const [first, second] = [file.read(a), file.read(b)];
  return String(first.shape) === String(second.shape) && torch.equal(first, second);
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
