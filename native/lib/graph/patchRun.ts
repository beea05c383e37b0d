import { PatchError } from "../errors";
import { CustomPatch } from "../patches/customPatch";
import type { Patch } from "../patches/patch";
import { ReplacePatch } from "../patches/valuePatches";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { NativePatch } from "./native";
import type { NodeInfo } from "./nodeIndex";
import type { PatchScope } from "./patchScope";

/** One patch at its place in a run. */
export interface PlacedPatch {
  patch: Patch;
  info: NodeInfo;
  native: NativePatch;
  scope: PatchScope;
}

/** All patches of a run in the order they apply, outer scopes first. */
export interface PatchList {
  placed: PlacedPatch[];
  /** Values with patches. */
  patched: number[];
  /** Of those, the ones that need not be computed. */
  replaced: number[];
}

function broadcasts(from: readonly number[], to: readonly number[]): boolean {
  if (from.length > to.length) return false;
  const offset = to.length - from.length;
  return from.every((size, i) => size === 1 || size === to[offset + i]);
}

/** Shape of the part that a patch acts on, from the recorded shape of its node. */
function partShape(patch: Patch, info: NodeInfo, shape: number[]): number[] {
  if (!patch.slice) return shape;
  try {
    return torch.noGrad(() => torch.empty(shape, { device: "meta" }).at(patch.slice ?? []).shape);
  } catch (error) {
    throw new PatchError(
      `${patch} at ${info.name}: the slice does not fit the node, of shape [${shape.join(", ")}] (${(error as Error).message})`,
    );
  }
}

/** Refuses a value that cannot fit, before anything runs. */
function checkFits(patch: Patch, info: NodeInfo): void {
  if (info.shape === null || patch.kind === "custom") return;
  const hasIndexTensors = patch.slice?.some((item) => item instanceof Tensor || Array.isArray(item)) ?? false;
  if (hasIndexTensors) return;
  const part = partShape(patch, info, info.shape);
  const value = patch.operand;
  if (!(value instanceof Tensor) || broadcasts(value.shape, part)) return;
  throw new PatchError(
    `${patch} at ${info.name}: a value of shape [${value.shape.join(", ")}] does not fit ${patch.slice ? "the part it acts on" : "the node"}, of shape [${part.join(", ")}]`,
  );
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
 * The patches of `scopes` for a run.
 * @param shapesKnown whether the inputs have the shapes of the capture, so that recorded shapes hold.
 * @throws PatchError naming the node when a value or slice cannot fit.
 */
export function collectPatches(
  scopes: PatchScope[],
  infoOf: (node: string) => NodeInfo,
  shapesKnown: boolean,
): PatchList {
  const byValue = new Map<number, PlacedPatch[]>();
  const replaced: number[] = [];
  for (const scope of scopes) {
    for (const { node, value, patches } of scope.entries) {
      const info = infoOf(node);
      for (const patch of patches) {
        if (shapesKnown) checkFits(patch, info);
        const native = patch.toNative(info.name, value);
        const placed = byValue.get(value) ?? [];
        if (placed.length === 0) byValue.set(value, placed);
        if (placed.length === 0 && shapesKnown && replacesWhole(patch, info)) {
          native.shape = info.shape;
          replaced.push(value);
        }
        placed.push({ patch, info, native, scope });
      }
    }
  }
  return { placed: [...byValue.values()].flat(), patched: [...byValue.keys()], replaced };
}

/** The function of the custom patch a run stands at. */
export function customPatchOf(placed: PlacedPatch): CustomPatch {
  if (placed.patch instanceof CustomPatch) return placed.patch;
  throw new PatchError(`${placed.patch} at ${placed.info.name} cannot be run in JavaScript`);
}
