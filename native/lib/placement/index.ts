import { ArgumentError } from "../errors";
import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import { autoPlacement } from "./autoPlacement";
import { type DeviceMap, ON_CPU, type Placement, placementOf } from "./deviceMap";
import { type MemoryLimits, roomForWeights } from "./freeMemory";

export { type DeviceMap, Placement } from "./deviceMap";
export { DISK, onDevice } from "./devices";
export type { MemoryLimits } from "./freeMemory";
export { MappedWeight } from "./mappedWeight";
export { runOnDevices } from "./runOnDevices";

/** The fields of `fromPretrained`'s options that say where weights are. */
export interface PlacementOptions {
  /**
   * `"auto"` places the model by the memory that is free, GPUs first, then the CPU's, the rest on disk. Or one place for
   * all of it (`"cuda:0"`), or places by module path: `{ "": "cuda:0", "model.layers.30": "cpu", "lm_head": "disk" }`.
   * Without it everything is on the CPU.
   */
  readonly deviceMap?: DeviceMap;
  /** With `deviceMap: "auto"`: how much weights may take on each device, in place of what is measured. */
  readonly maxMemory?: MemoryLimits;
}

/**
 * Where a model's weights go.
 * @param bytesOf how much memory a parameter of the module at `path` will take
 * @throws ArgumentError, DeviceError saying what is wrong with the options.
 */
export function choosePlacement(
  model: Module,
  { deviceMap, maxMemory }: PlacementOptions,
  bytesOf: (path: string, name: string, parameter: Tensor) => number,
): Placement {
  if (deviceMap === "auto") return autoPlacement(model, bytesOf, roomForWeights(maxMemory));
  if (maxMemory !== undefined) throw new ArgumentError('maxMemory is for deviceMap: "auto"');
  return deviceMap === undefined ? ON_CPU : placementOf(model, deviceMap);
}
