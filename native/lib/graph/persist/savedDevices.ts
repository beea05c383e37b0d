import { ArgumentError, DeviceError } from "../../errors";
import { placeNamed } from "../../placement/devices";
import type { NodeSpec } from "../spec";
import { deviceArgument } from "../valueDevices";
import type { NamedTensor } from "./readDescription";

/** What of a saved graph is on devices: its tensors, and the nodes that move or make some there. */
interface OnDevices {
  readonly tensors: readonly NamedTensor[];
  readonly nodes: readonly NodeSpec[];
}

/**
 * That this machine has the devices.
 * @throws DeviceError saying which one it lacks, why, and how the graph is opened all the same.
 */
export function checkDevices({ tensors, nodes }: OnDevices, path: string): void {
  const inNodes = nodes.flatMap((node) => deviceArgument(node)?.device ?? []);
  for (const device of new Set([...tensors.map((tensor) => tensor.device), ...inNodes])) {
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
