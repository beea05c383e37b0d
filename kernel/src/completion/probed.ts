import type { Tensor } from "@graphpatch/native";
import type { Native } from "../preload/native";
import { type Summary, summarize } from "../views/statistics";
import type { Variables } from "./values";

/** What a probe last saw at a node. */
export interface ProbedValue {
  shape: readonly number[];
  statistics: Summary;
}

/** Larger values are not summarised while somebody waits for a tooltip. */
const MAX_VALUES = 4e6;
const MAX_VARIABLES = 500;

/** What the variables of cells hold of the value of the node `name`: a probe that saw it, or the tensor itself. Null without one. */
export function probedValue(
  name: string,
  variables: Variables,
  { Tensor, ProbePatch, annotationOf }: Native,
): ProbedValue | null {
  for (const value of Object.values(variables).slice(-MAX_VARIABLES).reverse()) {
    const tensor =
      value instanceof ProbePatch && value.fired && value.number === null ? value.activation : value;
    if (!(tensor instanceof Tensor) || tensor.isDisposed || annotationOf(tensor)?.node !== name) continue;
    return tensor.numel() > MAX_VALUES || tensor.dtype.startsWith("complex") ? null : summaryOf(tensor);
  }
  return null;
}

function summaryOf(tensor: Tensor): ProbedValue {
  return {
    shape: tensor.shape,
    statistics: summarize(tensor.double().flatten().tolist() as number[]),
  };
}
