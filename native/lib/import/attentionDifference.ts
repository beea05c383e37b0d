import type { RunInputs } from "../graph/inputs";
import type { PatchableGraph } from "../graph/patchableGraph";

/** Name, before numbering, of the nodes that compare expanded attention with the fused operator. */
export const ATTENTION_DIFFERENCE = "attention_difference";

/**
 * How far attention that was written out (`expandAttention`) is from what the fused operator computes, on `inputs`:
 * the largest absolute difference in each place.
 * @returns differences by the name of the expanded attention's result; {} for a graph without any.
 */
export async function attentionDifference(
  graph: PatchableGraph,
  inputs: RunInputs,
): Promise<Record<string, number>> {
  const isDifference = new RegExp(`(?:^|\\.)${ATTENTION_DIFFERENCE}(_\\d+)?$`);
  const nodes = [...graph.nodes.keys()].filter((name) => isDifference.test(name));
  if (nodes.length === 0) return {};
  const values = await graph.run(inputs, { outputs: nodes });
  return Object.fromEntries(
    nodes.map((name) => [
      name.replace(ATTENTION_DIFFERENCE, "scaled_dot_product_attention"),
      values[name].item() as number,
    ]),
  );
}
