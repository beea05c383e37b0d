import { onDevice } from "../placement/devices";
import { Tensor } from "../tensor/tensor";
import type { CapturedGraph } from "./capture";
import type { RunValue } from "./native";
import type { NodeSpec } from "./spec";
import { deviceArgument } from "./valueDevices";

/** The graph with all that it holds, moves or makes on `device`. */
export function graphOnDevice(captured: CapturedGraph, device: string): CapturedGraph {
  const { spec } = captured;
  const constants = spec.constants.map((constant) => ({
    ...constant,
    tensor: onDevice(constant.tensor, device),
  }));
  return { ...captured, spec: { ...spec, constants, nodes: nodesOnDevice(spec.nodes, device) } };
}

/** The same nodes, moving and making tensors on `device`. */
export function nodesOnDevice(nodes: readonly NodeSpec[], device: string): NodeSpec[] {
  return nodes.map((node) => {
    const named = deviceArgument(node);
    if (!named) return node;
    const args = [...node.args];
    while (args.length <= named.at) args.push(null);
    return { ...node, args: args.with(named.at, { constant: device }) };
  });
}

/**
 * The inputs of a run, brought to the graph's device where all of its tensors are on one: a graph that was loaded to a GPU has no moves of
 * its own.
 */
export function inputsOnDevice(captured: CapturedGraph, inputs: readonly RunValue[]): RunValue[] {
  const device = deviceOf(captured);
  return inputs.map((input) =>
    device !== null && input instanceof Tensor ? onDevice(input, device) : input,
  );
}

const devices = new WeakMap<CapturedGraph, string | null>();

/** Where all tensors of a graph are, unless that is the CPU's memory; null where they are in several places. */
function deviceOf(captured: CapturedGraph): string | null {
  let device = devices.get(captured);
  if (device === undefined) {
    // Single numbers on the CPU may stand beside tensors of any device.
    const placed = captured.spec.constants.filter(({ tensor }) => tensor.dim() > 0);
    const [first, ...others] = new Set(placed.map(({ tensor }) => tensor.device));
    device = others.length > 0 || first === undefined || first === "cpu" ? null : first;
    devices.set(captured, device);
  }
  return device;
}
