import { PatchError } from "../errors";
import { CustomPatch } from "../patches/customPatch";
import type { Patch } from "../patches/patch";
import { ReplacePatch } from "../patches/valuePatches";
import { WholeValue } from "../patches/wholeValue";
import { Tensor } from "../tensor/tensor";
import type { NativePatch } from "./native";
import type { NodeInfo } from "./nodeIndex";
import type { PatchScope } from "./patchScope";

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
function replacesWhole(patch: Patch, info: NodeInfo): patch is ReplacePatch {
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
function checkAlone(patch: Patch, node: string, looking: Map<Patch, string>): void {
  const other = looking.get(patch);
  looking.set(patch, node);
  if (other === undefined) return;
  throw new PatchError(
    `the same ${patch} is ${other === node ? `twice on ${node}` : `on ${other} and on ${node}`}: it can keep one value only; make one for each`,
  );
}

/**
 * The patches of `scopes` for a run.
 * @param capturedInputs whether the inputs have the shapes of the capture.
 * @throws PatchError for a probe that stands in two places.
 */
export function collectPatches(
  scopes: PatchScope[],
  infoOf: (node: string) => NodeInfo,
  capturedInputs: boolean,
): PatchList {
  const shapesKnown = capturedInputs && keepsShapes(scopes, infoOf);
  const byValue = new Map<number, PlacedPatch[]>();
  const observed = new Set<number>();
  const looking = new Map<Patch, string>();
  const replaced: number[] = [];
  const changed = new Set<number>();
  for (const scope of scopes) {
    for (const { node, value, patches } of scope.entries) {
      const info = infoOf(node);
      for (const patch of patches) {
        if (changes(patch)) changed.add(value);
        else checkAlone(patch, info.name, looking);
        if (patch.observes) observed.add(value);
        const placed = byValue.get(value) ?? [];
        if (placed.length === 0) byValue.set(value, placed);
        if (patch.onlyLooks) {
          placed.push({ patch, info, native: value, scope });
          continue;
        }
        const native = patch.toNative(info.name, value);
        if (shapesKnown && (changes(patch) || patch.slice)) native.known = info;
        if (placed.length === 0 && patch instanceof WholeValue) {
          native.shape = patch.whole.shape;
          replaced.push(value);
        } else if (placed.length === 0 && shapesKnown && replacesWhole(patch, info)) {
          native.shape = info.shape;
          native.strides = info.strides;
          replaced.push(value);
        }
        placed.push({ patch, info, native, scope });
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
