import { PatchError } from "../errors";
import { CustomPatch } from "../patches/customPatch";
import type { Patch } from "../patches/patch";
import { ReplacePatch } from "../patches/valuePatches";
import { WholeValue } from "../patches/wholeValue";
import { onDevice } from "../placement/devices";
import { Tensor } from "../tensor/tensor";
import type { NativePatch } from "./native";
import type { NodeInfo } from "./nodeIndex";
import type { PatchScope } from "./patchScope";
import type { ValueDevices } from "./valueDevices";

/** One patch at its place in a run. */
export interface PlacedPatch {
  patch: Patch;
  info: NodeInfo;
  /** As the addon takes it: a number for a plain look at the whole of a value. */
  native: NativePatch | number;
  scope: PatchScope;
}

/** All patches of a run in the order they apply, outer scopes first. */
export interface PatchList {
  placed: PlacedPatch[];
  /** Values with patches. */
  patched: number[];
  /** Of those, the ones that a patch looks at. */
  observed: number[];
  /** Of those, the ones that need not be computed. */
  replaced: number[];
  /** Of those, the ones that a patch changes. */
  changed: number[];
}

/**
 * Whether the node's own value is not needed: its first patch gives the whole of it, and its shape is known.
 */
function replacesWhole(patch: Patch, info: NodeInfo): patch is ReplacePatch & { value: Tensor } {
  return (
    patch instanceof ReplacePatch &&
    patch.slice === null &&
    patch.value instanceof Tensor &&
    info.shape !== null &&
    patch.value.dtype === info.dtype
  );
}

/**
 * Whether the recorded shapes hold in a run with these patches on inputs of the captured shapes: another size, or what a custom
 * patch returns, may change the shapes of all that follows.
 */
function keepsShapes(scopes: PatchScope[], infoOf: (node: string) => NodeInfo): boolean {
  return scopes.every(({ entries }) =>
    entries.every(({ node, patches }) =>
      patches.every(
        (patch) =>
          patch.kind !== "custom" &&
          !(patch instanceof WholeValue) &&
          (infoOf(node).shape !== null || !changes(patch)),
      ),
    ),
  );
}

function changes(patch: Patch): boolean {
  return patch.kind !== "probe" && patch.kind !== "record";
}

/** A probe keeps one value a run: on two nodes it would show either. */
function refuseTwice(
  patch: Patch,
  node: string,
  byValue: ReadonlyMap<number, readonly PlacedPatch[]>,
): never {
  const other = [...byValue.values()].flat().find((placed) => placed.patch === patch)?.info.name;
  throw new PatchError(
    `the same ${patch} is ${other === node ? `twice on ${node}` : `on ${other} and on ${node}`}: it can keep one value only; make one for each`,
  );
}

/** The patch as the addon takes it; `isFirst` of its value, the shapes of which may be known before the run. */
function describe(
  patch: Patch,
  info: NodeInfo,
  value: number,
  { isFirst, shapesKnown, devices }: { isFirst: boolean; shapesKnown: boolean; devices: ValueDevices },
) {
  const native = patch.toNative(info.name, value);
  if (shapesKnown && (changes(patch) || patch.slice)) native.known = info;
  if (isFirst && patch instanceof WholeValue) {
    native.shape = patch.whole.shape;
    native.value = onDevice(patch.whole, devices.of(value));
  } else if (isFirst && shapesKnown && replacesWhole(patch, info)) {
    native.shape = info.shape;
    native.strides = info.strides;
    // Nothing is computed there whose place it could take.
    native.value = onDevice(patch.value, devices.of(value));
  }
  return native;
}

/**
 * The patches of `scopes` for a run. Thousands of probes come through here in every run: what is made for each is kept small.
 * @param capturedInputs whether the inputs have the shapes of the capture.
 * @param devices where the graph's values are
 * @throws PatchError for a probe that stands in two places.
 */
export function collectPatches(
  scopes: PatchScope[],
  infoOf: (node: string) => NodeInfo,
  capturedInputs: boolean,
  devices: ValueDevices,
): PatchList {
  const shapesKnown = capturedInputs && keepsShapes(scopes, infoOf);
  const byValue = new Map<number, PlacedPatch[]>();
  const observed = new Set<number>();
  const looking = new Set<Patch>();
  const replaced: number[] = [];
  const changed = new Set<number>();
  for (const scope of scopes) {
    for (const { node, value, patches } of scope.entries) {
      const info = infoOf(node);
      for (const patch of patches) {
        if (changes(patch)) changed.add(value);
        else if (looking.has(patch)) refuseTwice(patch, info.name, byValue);
        else looking.add(patch);
        if (patch.observes) observed.add(value);
        const before = byValue.get(value);
        const native = patch.onlyLooks
          ? value
          : describe(patch, info, value, { isFirst: !before, shapesKnown, devices });
        if (typeof native === "object" && native.shape) replaced.push(value);
        const placed = { patch, info, native, scope };
        if (before) before.push(placed);
        else byValue.set(value, [placed]);
      }
    }
  }
  return {
    placed: [...byValue.values()].flat(),
    patched: [...byValue.keys()],
    observed: [...observed],
    replaced,
    changed: [...changed],
  };
}

/** The function of the custom patch a run stands at. */
export function customPatchOf(placed: PlacedPatch): CustomPatch {
  if (placed.patch instanceof CustomPatch) return placed.patch;
  throw new PatchError(`${placed.patch} at ${placed.info.name} cannot be run in JavaScript`);
}
