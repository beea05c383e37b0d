import { ArgumentError, DeviceError } from "../../errors";
import { placeNamed } from "../../placement/devices";
import { isDeviceName } from "../../tensor/devices";
import type { ArgumentSpec, NodeSpec } from "../spec";
import type { NamedTensor } from "./readDescription";

/** What of a saved graph is on devices: its tensors, and the nodes that move or make some there. */
interface OnDevices {
  readonly tensors: readonly NamedTensor[];
  readonly nodes: readonly NodeSpec[];
}

/** The same all on `device`, wherever it was. */
export function onOneDevice(
  { tensors, nodes }: OnDevices,
  device: string,
): { tensors: NamedTensor[]; nodes: NodeSpec[] } {
  const moved = (argument: ArgumentSpec | null): ArgumentSpec | null =>
    argument && deviceIn(argument) !== null ? { constant: device } : argument;
  return {
    tensors: tensors.map((tensor) => ({ ...tensor, device })),
    nodes: nodes.map((node) => ({ ...node, args: node.args.map(moved) })),
  };
}

/**
 * That this machine has the devices.
 * @throws DeviceError saying which one it lacks, why, and how the graph is opened all the same.
 */
export function checkDevices({ tensors, nodes }: OnDevices, path: string): void {
  const inNodes = nodes.flatMap(({ args }) => args.map((argument) => argument && deviceIn(argument)));
  for (const device of new Set([...tensors.map((tensor) => tensor.device), ...inNodes])) {
    if (device === null) continue;
    try {
      placeNamed(device);
    } catch (error) {
      if (!(error instanceof DeviceError || error instanceof ArgumentError)) throw error;
      throw new DeviceError(
        `${path}: ${error.message}. PatchableGraph.load(path, { device: "cpu" }) opens the graph on the CPU`,
        {
          cause: error,
        },
      );
    }
  }
}

/** The device that an argument names; no operator of a graph takes such a text for anything else. */
function deviceIn(argument: ArgumentSpec): string | null {
  return "constant" in argument && isDeviceName(argument.constant) ? argument.constant : null;
}
