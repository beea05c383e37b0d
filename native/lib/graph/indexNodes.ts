import { moduleOf } from "./names";
import type { NodeIndex } from "./nodeIndex";
import type { TracedNode } from "./trace";

/**
 * Adds named nodes to an index, and gives what the addon runs its names and source lines, for messages.
 * @param names as `nameNodes` gives them
 */
export function indexNodes(
  index: NodeIndex,
  nodes: readonly TracedNode[],
  names: readonly string[],
  codeOf: (node: TracedNode) => string | null,
): void {
  nodes.forEach((node, i) => {
    const name = names[i];
    const code = codeOf(node);
    if (node.spec) {
      node.spec.name ||= name.split("|")[0];
      node.spec.code ||= code ?? "";
    }
    index.add(
      {
        name,
        kind: node.kind,
        operator: node.operator,
        shape: node.shape,
        dtype: node.dtype,
        strides: node.strides,
        module: moduleOf(name),
        moduleType: node.call.type,
        code,
      },
      node.value,
    );
  });
}
