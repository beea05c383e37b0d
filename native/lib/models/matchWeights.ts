import { CorruptFileError, UnknownArchitectureError } from "../errors";
import type { Module } from "../nn/module";
import { isFloatingDType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { WeightSource } from "../weights/weightSource";
import type { Architecture } from "./architectures";
import { OTHER_DOOR } from "./configReader";

/** What stands beside a weight whose numbers are not the weight itself: scales, zero points and tables of bitsandbytes, FP8 and others. */
const BESIDE_QUANTIZED =
  /^(.+?)\.(?:weight\.)?(?:SCB|weight_format|absmax|quant_map|g_idx|(?:nested_|quant_state)\S*|\w*(?:scale|zero_point|zeros)\w*)$/;

/**
 * The file's names by the model's names, for the weights to read. Weights that the model has no place for are named in a
 * warning.
 *
 * @param unused names of weights that the model leaves in the file on purpose
 * @throws CorruptFileError listing weights of the model that the file lacks, or naming two that are to be one and differ.
 * @throws UnknownArchitectureError naming a weight that is quantised in a way that is not read here.
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
    if (target !== undefined) {
      const other = matched.get(target);
      if (other !== undefined && !haveSameValues(file, other, name)) {
        throw new CorruptFileError(`${file.path}: "${other}" and "${name}" are both ${target}, and differ`);
      }
      matched.set(target, name);
    } else if (!ignored.test(current) && !unused?.test(current)) unexpected.push(name);
  }
  refuseQuantizedWeights(file, [...matched.values()], unexpected);
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

/** Files whose configuration does not say so; to read their numbers as the weights would be silently wrong. */
function refuseQuantizedWeights(
  file: WeightSource,
  weights: readonly string[],
  unexpected: readonly string[],
): void {
  const refuse = (what: string): never => {
    throw new UnknownArchitectureError(
      `${file.path}: ${what}: it is quantised in a way that is not read here. ${OTHER_DOOR}`,
    );
  };
  const known = new Set(weights);
  for (const name of unexpected) {
    const weight = `${BESIDE_QUANTIZED.exec(name)?.[1]}.weight`;
    if (known.has(weight)) refuse(`there is "${name}" beside "${weight}"`);
  }
  for (const name of weights) {
    const dtype = file.dtypeOf(name);
    if (dtype !== null && !isFloatingDType(dtype)) refuse(`"${name}" is of ${dtype}`);
  }
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
