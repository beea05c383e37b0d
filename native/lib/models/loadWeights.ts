import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import { binding } from "../binding";
import { ArgumentError, CancelledError, ShapeError } from "../errors";
import * as nn from "../nn";
import type { Module } from "../nn/module";
import { Parametrization } from "../nn/parametrization";
import {
  choosePlacement,
  DISK,
  MappedWeight,
  onDevice,
  type Placement,
  type PlacementOptions,
  runOnDevices,
} from "../placement";
import { Progress } from "../progress";
import { GgufWeight } from "../quantization/ggufWeight";
import { Int8Weight, MOST_OF_FLOAT32 } from "../quantization/int8Weight";
import { Tensor } from "../tensor/tensor";
import type { WeightSource } from "../weights/weightSource";
import type { WeightForm } from "./weightForm";

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { stage: "weights"; done: number; total: number }) => void;
}

/** A parameter as it is kept: a tensor, or what computes it, made anew for each module that uses it on its device. */
type KeptWeight = Tensor | MakeWeight;
type MakeWeight = (device: string) => Parametrization;

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
 * Reads weights and gives them to the model, in the form and at the place that they are to be kept in: one at a time, so
 * that no second copy of the model is ever in memory.
 *
 * @param names the file's names by the model's names
 * @param shared names of weights that are one in the model (tied embeddings); the first of each is in the file
 * @param placement weights on the meta device are not read
 * @throws ShapeError naming a weight whose shape does not fit; the model is as it was then.
 * @throws ArgumentError when weights shall stay quantised and none is. CancelledError through `signal`.
 */
export async function loadWeights(
  model: Module,
  file: WeightSource,
  names: ReadonlyMap<string, string>,
  shared: readonly (readonly string[])[],
  form: WeightForm,
  placement: Placement,
  { signal, onProgress }: LoadOptions,
): Promise<void> {
  const places = placesOf(model);
  const sharedNames = new Map(shared.flatMap((group) => group.map((target) => [target, group])));
  const isOnMeta = (target: string): boolean => {
    const place = places.get(target);
    return place !== undefined && placement.storageOf(place.path) === "meta";
  };
  const kept = new Map<string, KeptWeight>();
  using line = new Progress(`loading ${basename(file.path)}`, { total: names.size, unit: "tensors" });
  const tell = (done: number): void => {
    if (onProgress) onProgress({ stage: "weights", done, total: names.size });
    else line.update(done);
  };
  let turn = performance.now();
  for (const [target, name] of names) {
    if (signal?.aborted) {
      throw new CancelledError(`loading ${file.path} was cancelled`, { cause: signal.reason });
    }
    const place = places.get(target);
    const group = sharedNames.get(target);
    if (!(group ?? [target]).every(isOnMeta)) {
      const source = { file, name, target, isShared: group !== undefined };
      const computed = place && computedWeight(source, place, form, placement);
      const device = place ? placement.deviceOf(place.path) : "cpu";
      kept.set(target, computed ?? broughtTo(device, inDtype(file, name, form)));
    }
    if (performance.now() - turn > TURN_MS) {
      tell(kept.size);
      await setImmediate();
      turn = performance.now();
    }
  }
  tell(names.size);
  if (form.keepQuantized && ![...kept.values()].some((weight) => typeof weight === "function")) {
    throw new ArgumentError(
      `keepQuantized: ${file.path} has no quantised weights to keep; it is for quantised GGUF files (loadIn8bit quantises any model)`,
    );
  }
  for (const [first, ...others] of shared) {
    const weight = kept.get(first);
    if (weight) for (const other of others) kept.set(other, weight);
  }
  assign(model, places, kept, placement);
  placeBuffers(model, placement);
  if (form.int8) binding.freeUnusedBlocks();
  runOnDevices(model, placement);
}

/**
 * Where the weights of a model go that are kept in `form`.
 * @throws ArgumentError, DeviceError saying what is wrong with the options.
 */
export function placementFor(model: Module, options: PlacementOptions, form: WeightForm): Placement {
  const modules = new Map(model.namedModules());
  return choosePlacement(model, options, (path, name, parameter) => {
    const numbers = parameter.numel();
    // What stays in its file takes no memory.
    if (form.keepQuantized && parameter.shape.length > 1) return 0;
    const module = modules.get(path);
    const isInt8 = form.int8 !== null && module !== undefined && isLinear({ module, name });
    return isInt8 ? MOST_OF_FLOAT32 * 4 * numbers : numbers * (form.dtype === "float32" ? 4 : 2);
  });
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

/** A weight in its file. */
interface Source {
  readonly file: WeightSource;
  readonly name: string;
  /** Its name in the model. */
  readonly target: string;
  readonly isShared: boolean;
}

/** What computes the parameter, if its form or place asks for that; null for one that is kept as it is. */
function computedWeight(
  { file, name, target, isShared }: Source,
  place: Place,
  { dtype, int8, keepQuantized }: WeightForm,
  placement: Placement,
): MakeWeight | null {
  const isOnDisk = placement.storageOf(place.path) === DISK;
  if (keepQuantized || isOnDisk) {
    const stored = file.readBlocks?.(name) ?? null;
    if (stored) return (device) => new GgufWeight(stored, dtype, device);
  }
  if (isOnDisk) {
    const stored = file.read(name);
    const isAsUsed = stored.dtype === dtype && placement.main === "cpu";
    // Vectors are not worth a turn of their own.
    if (isAsUsed || stored.shape.length < 2) return null;
    return (device) => new MappedWeight(stored, dtype, device);
  }
  // An embedding that is the head's weight, too, is not a linear layer's alone.
  if (!int8 || isShared || !isLinear(place) || isSkipped(place, int8.skip)) return null;
  const outputDim = place.module instanceof nn.Conv1D ? 1 : 0;
  const { outlierThreshold } = int8;
  using stored = file.readOnce(name);
  const weight = new Int8Weight(stored, { outputDim, dtype, outlierThreshold }, target);
  weight.replaceBuffers((buffer) => onDevice(buffer, placement.deviceOf(place.path)));
  return () => weight;
}

function isLinear({ module, name }: Pick<Place, "module" | "name">): boolean {
  return name === "weight" && (module instanceof nn.Linear || module instanceof nn.Conv1D);
}

/** Whether a layer, or a module that it is in, is named: by its path, or by the last part of it. */
function isSkipped({ path }: Place, skip: readonly string[]): boolean {
  const parts = path.split(".");
  return parts.some((part, i) => skip.includes(part) || skip.includes(parts.slice(0, i + 1).join(".")));
}

/** The tensor in the model's dtype: mapped where the file has it so, else a copy, of which nothing of the file stays in memory. */
function inDtype(file: WeightSource, name: string, { dtype, int8 }: WeightForm): Tensor {
  const isAsStored = file.dtypeOf(name) === dtype;
  // A few vectors would keep the whole file mapped, of which most is there in 8 bits.
  if (isAsStored && !int8) return file.read(name);
  const stored = file.readOnce(name);
  if (stored.dtype === dtype && !isAsStored) return stored;
  const copy = isAsStored ? stored.clone() : stored.to(dtype);
  stored.dispose();
  return copy;
}

/** The tensor on `device`. What it was read to goes at once: as garbage, it would be a second copy of the model for a while. */
function broughtTo(device: string, read: Tensor): Tensor {
  const there = onDevice(read, device);
  if (there !== read) read.dispose();
  return there;
}

function assign(
  model: Module,
  places: ReadonlyMap<string, Place>,
  kept: ReadonlyMap<string, KeptWeight>,
  placement: Placement,
): void {
  const tensors = new Map<string, Tensor>();
  const parametrizations = new Map<Place, Parametrization>();
  // A tied weight is one tensor on each device that uses it.
  const there = new Map<string, Map<Tensor, Tensor>>();
  for (const [target, weight] of kept) {
    const place = places.get(target);
    const device = place ? placement.deviceOf(place.path) : "cpu";
    if (weight instanceof Tensor) {
      const onIt = there.get(device) ?? new Map<Tensor, Tensor>();
      there.set(device, onIt);
      const tensor = onIt.get(weight) ?? onDevice(weight, device);
      onIt.set(weight, tensor);
      tensors.set(target, tensor);
    } else if (place) parametrizations.set(place, checked(target, place, weight(device), model));
  }
  model.loadStateDict(tensors, { strict: false });
  for (const [{ module, name }, parametrization] of parametrizations) {
    module.registerParametrization(name, parametrization);
  }
}

/** Buffers are made where a model is built; those of what computes a weight stay where it keeps them. */
function placeBuffers(model: Module, placement: Placement): void {
  for (const [path, module] of model.namedModules()) {
    if (module instanceof Parametrization) continue;
    module.replaceBuffers((buffer) => onDevice(buffer, placement.deviceOf(path)));
  }
}

function checked(target: string, { shape }: Place, made: Parametrization, model: Module): Parametrization {
  if (String(made.parameterShape) === String(shape)) return made;
  throw new ShapeError(
    `${target}: the file has shape [${made.parameterShape.join(", ")}], ${model.constructor.name} expects [${shape.join(", ")}]`,
  );
}
