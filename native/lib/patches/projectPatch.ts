import { PatchError } from "../errors";
import type { NativePatch, RunValue } from "../graph/native";
import { Tensor } from "../tensor/tensor";
import { Patch, type SliceOptions } from "./patch";

export interface ProjectOptions extends SliceOptions {
  /** One direction, [width], or several that span a subspace, [k, width]; neither normalised nor orthogonal. */
  direction: Tensor;
  /** Whether the component along the directions is taken out of the value, or all that is left of it. */
  mode?: "remove" | "keep";
  /** Dimension of the value, or of the part that `slice` takes, along which the directions lie. */
  dim?: number;
}

/**
 * Orthogonal projection: removes the component along a direction (directional ablation), or keeps nothing but it. Gradients
 * flow to `direction`.
 *
 * @example
 * new ProjectPatch({ direction: refusal, mode: "remove" })
 */
export class ProjectPatch extends Patch {
  readonly kind = "project";
  /** Read at each run, so it may be changed between runs. */
  direction: Tensor;
  readonly mode: "remove" | "keep";
  readonly dim: number;

  /** @throws PatchError for a direction that is no tensor, or an unknown mode. */
  constructor(options: ProjectOptions) {
    super(options);
    const { direction, mode = "remove", dim = -1 } = options;
    if (!(direction instanceof Tensor)) {
      throw new PatchError("ProjectPatch needs { direction: … }, a tensor [width] or [k, width]");
    }
    if (mode !== "remove" && mode !== "keep") {
      throw new PatchError(`ProjectPatch: mode must be "remove" or "keep"; found ${JSON.stringify(mode)}`);
    }
    if (!Number.isSafeInteger(dim))
      throw new PatchError(`ProjectPatch: dim must be an integer; found ${dim}`);
    this.direction = direction;
    this.mode = mode;
    this.dim = dim;
  }

  override get operand(): RunValue {
    return this.direction;
  }

  override toNative(node: string, target: number): NativePatch {
    return { ...super.toNative(node, target), dim: this.dim, keep: this.mode === "keep" };
  }
}
