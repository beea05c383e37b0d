import type { ModuleCall } from "../../graph/trace";
import type { Frame, IrNode } from "./ir";

/** The frames of `node` from the forward of `call`'s module on; [] where they cannot be told. */
export function framesOf(node: IrNode, call: ModuleCall): readonly Frame[] {
  const depth = depthOf(node.call);
  const forwards = node.frames.flatMap(({ function: name }, i) => (name === "forward" ? [i] : []));
  // Each module on the way has one frame called forward; strict export leaves out those of PyTorch's own modules, and
  // wrappers outside of the root have more.
  const missing = depth + 1 - forwards.length;
  if (missing > 1) return [];
  const start = missing < 0 ? forwards.at(depthOf(call) - depth - 1) : forwards[depthOf(call)];
  return start === undefined ? [] : node.frames.slice(start);
}

function depthOf(call: ModuleCall): number {
  return call.parent ? depthOf(call.parent) + 1 : 0;
}
