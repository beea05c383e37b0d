import { ArgumentError } from "../errors";
import { Dataflow } from "../graph/dataflow";
import type { NodeInfo } from "../graph/nodeIndex";
import type { GraphRunner } from "../graph/runner";

/** A node that is scored. */
export interface ScoredNode {
  info: NodeInfo;
  value: number;
}

/**
 * The nodes named; or every activation that lies between the inputs and what the metric reads: results of operators and outputs of modules that
 * can have a gradient.
 * @param outputs values that the metric reads.
 * @throws UnknownNodeError, and ArgumentError for a node that is no activation.
 */
export function scoredNodes(
  { captured }: GraphRunner,
  names: readonly string[] | undefined,
  outputs: readonly number[],
): ScoredNode[] {
  const { index } = captured;
  const flow = new Dataflow(captured);
  const between = betweenInputsAnd(flow, outputs);
  const isActivation = ({ info, value }: ScoredNode) => isFloat(info) && between.has(value);
  if (names) {
    const nodes = names.map((name) => index.resolve(name));
    const wrong = nodes.find((node) => !isActivation(node));
    if (wrong) {
      throw new ArgumentError(
        `attributionPatch: ${wrong.info.name} (${wrong.info.operator}, ${wrong.info.dtype}) does not lie between the inputs and what the metric reads, or has no gradient`,
      );
    }
    return nodes;
  }
  const seen = new Set<number>();
  return [...index.infos.values()]
    .map((info) => ({ info, value: index.resolve(info.name).value }))
    .filter((node) => {
      const wanted =
        (node.info.kind === "operator" || node.info.kind === "output") &&
        isActivation(node) &&
        !seen.has(node.value);
      seen.add(node.value);
      return wanted;
    });
}

function isFloat({ shape, dtype }: NodeInfo): boolean {
  return shape !== null && (dtype?.includes("float") ?? false);
}

/** Values that depend on an input's values, not on its sizes alone, and that an output depends on. */
function betweenInputsAnd(flow: Dataflow, outputs: readonly number[]): Set<number> {
  const reached = new Set(flow.inputs);
  for (const node of flow.nodes) {
    if (node.type === "number") continue;
    if (flow.uses(node).some((value) => reached.has(value)))
      for (const result of node.results) reached.add(result);
  }
  const needed = flow.upstreamOf(outputs);
  return new Set([...reached].filter((value) => needed.has(value)));
}
