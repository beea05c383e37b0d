import { setImmediate } from "node:timers/promises";
import { ArgumentError, CancelledError, ShapeError } from "../errors";
import * as nn from "../nn";
import type { Module } from "../nn/module";
import type { Parametrization } from "../nn/parametrization";
import { GgufWeight } from "../quantization/ggufWeight";
import { Int8Weight } from "../quantization/int8Weight";
import { Tensor } from "../tensor/tensor";
import type { WeightSource } from "../weights/weightSource";
import type { WeightForm } from "./weightForm";

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { stage: "weights"; done: number; total: number }) => void;
}

/** A parameter as it is kept: a tensor, or what computes it, made anew for each module that uses it. */
type KeptWeight = Tensor | (() => Parametrization);

/** A parameter's module and its name there. */
interface Place {
  readonly path: string;
  readonly module: Module;
  readonly name: string;
  readonly shape: readonly number[];
}

/** How long loading may keep the thread before timers and messages get their turn. */
const TURN_MS = 50;

/**
 * Reads weights and gives them to the model, in the form that they are to be kept in: one at a time, so that no second copy
 * of the model is ever in memory.
 *
 * @param names the file's names by the model's names
 * @param shared names of weights that are one in the model (tied embeddings); the first of each is in the file
 * @throws ShapeError naming a weight whose shape does not fit; the model is as it was then.
 * @throws ArgumentError when weights shall stay quantised and none is. CancelledError through `signal`.
 */
export async function loadWeights(
  model: Module,
  file: WeightSource,
  names: ReadonlyMap<string, string>,
  shared: readonly (readonly string[])[],
  form: WeightForm,
  { signal, onProgress }: LoadOptions,
): Promise<void> {
  const places = placesOf(model);
  const isShared = new Set(shared.flat());
  const kept = new Map<string, KeptWeight>();
  let turn = performance.now();
  for (const [target, name] of names) {
    if (signal?.aborted) {
      throw new CancelledError(`loading ${file.path} was cancelled`, { cause: signal.reason });
    }
    const place = places.get(target);
    const made = place && computed(file, name, target, place, form, isShared.has(target));
    kept.set(target, made ?? inDtype(file.read(name), form));
    if (performance.now() - turn > TURN_MS) {
      onProgress?.({ stage: "weights", done: kept.size, total: names.size });
      await setImmediate();
      turn = performance.now();
    }
  }
  onProgress?.({ stage: "weights", done: names.size, total: names.size });
  if (form.keepQuantized && ![...kept.values()].some((weight) => typeof weight === "function")) {
    throw new ArgumentError(
      `keepQuantized: ${file.path} has no quantised weights to keep; it is for quantised GGUF files (loadIn8bit quantises any model)`,
    );
  }
  for (const [first, ...others] of shared) {
    const weight = kept.get(first);
    if (weight) for (const other of others) kept.set(other, weight);
  }
  assign(model, places, kept);
}

/** The parameters by dotted path, tied ones under each of their names. */
function placesOf(model: Module): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [path, module] of model.namedModules()) {
    for (const [name, { shape }] of module.ownParameters()) {
      places.set(path === "" ? name : `${path}.${name}`, { path, module, name, shape });
    }
  }
  return places;
}

/** What computes the parameter, if the form asks for that; null for one that is kept as it is. */
function computed(
  file: WeightSource,
  name: string,
  target: string,
  place: Place,
  { dtype, int8, keepQuantized }: WeightForm,
  isShared: boolean,
): (() => Parametrization) | null {
  if (keepQuantized) {
    const stored = file.readBlocks?.(name) ?? null;
    return stored && (() => new GgufWeight(stored, dtype));
  }
  // An embedding that is the head's weight, too, is not a linear layer's alone.
  if (!int8 || isShared || !isLinear(place) || isSkipped(place, int8.skip)) return null;
  const outputDim = place.module instanceof nn.Conv1D ? 1 : 0;
  const weight = new Int8Weight(
    file.read(name),
    { outputDim, dtype, outlierThreshold: int8.outlierThreshold },
    target,
  );
  return () => weight;
}

function isLinear({ module, name }: Place): boolean {
  return name === "weight" && (module instanceof nn.Linear || module instanceof nn.Conv1D);
}

/** Whether a layer, or a module that it is in, is named: by its path, or by the last part of it. */
function isSkipped({ path }: Place, skip: readonly string[]): boolean {
  const parts = path.split(".");
  return parts.some((part, i) => skip.includes(part) || skip.includes(parts.slice(0, i + 1).join(".")));
}

function inDtype(tensor: Tensor, { dtype }: WeightForm): Tensor {
  return tensor.dtype === dtype ? tensor : tensor.to(dtype);
}

function assign(
  model: Module,
  places: ReadonlyMap<string, Place>,
  kept: ReadonlyMap<string, KeptWeight>,
): void {
  const tensors = new Map<string, Tensor>();
  const parametrizations = new Map<Place, Parametrization>();
  for (const [target, weight] of kept) {
    const place = places.get(target);
    if (weight instanceof Tensor) tensors.set(target, weight);
    else if (place) parametrizations.set(place, checked(target, place, weight(), model));
  }
  model.loadStateDict(tensors, { strict: false });
  for (const [{ module, name }, parametrization] of parametrizations) {
    module.registerParametrization(name, parametrization);
  }
}

function checked(target: string, { shape }: Place, made: Parametrization, model: Module): Parametrization {
  if (String(made.parameterShape) === String(shape)) return made;
  throw new ShapeError(
    `${target}: the file has shape [${made.parameterShape.join(", ")}], ${model.constructor.name} expects [${shape.join(", ")}]`,
  );
}
