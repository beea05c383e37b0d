import type { Tensor } from "./tensor";

/** What a display may say of a tensor besides its values. */
export interface TensorAnnotation {
  /** The node it is the value of. */
  node?: string;
  /** Names of its dimensions: `["batch", "head", "query", "key"]`. */
  dims?: string[];
  /** Texts of the tokens along the position dimension. */
  tokens?: string[];
  kind?: "activation" | "attention" | "logits";
}

const annotations = new WeakMap<Tensor, TensorAnnotation>();

/** Adds to what is known of `tensor`; returns it. */
export function annotate(tensor: Tensor, annotation: TensorAnnotation): Tensor {
  annotations.set(tensor, { ...annotations.get(tensor), ...annotation });
  return tensor;
}

/** What is known of `tensor`; null when nothing is. */
export function annotationOf(tensor: Tensor): TensorAnnotation | null {
  return annotations.get(tensor) ?? null;
}
