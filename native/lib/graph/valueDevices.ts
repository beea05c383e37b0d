import { binding } from "../binding";
import { isDeviceName } from "../tensor/devices";
import type { CapturedGraph } from "./capture";
import { Dataflow } from "./dataflow";
import type { ArgumentSpec, NodeSpec } from "./spec";

/** On which device each value of a graph is; worked out when it is first asked for. */
export class ValueDevices {
  #devices: ReadonlyMap<number, string> | null = null;

  constructor(private readonly captured: CapturedGraph) {}

  of(value: number): string {
    this.#devices ??= placeValues(this.captured);
    return this.#devices.get(value) ?? "cpu";
  }
}

/** A value is where the device argument of its operator says, or else where its first argument with a place is. */
function placeValues(captured: CapturedGraph): Map<number, string> {
  const { spec } = captured;
  const flow = new Dataflow(captured);
  const devices = new Map<number, string>();
  for (const { value, tensor } of spec.constants) devices.set(value, tensor.device);
  const [only, ...others] = new Set(devices.values());
  for (const value of spec.inputs) if (others.length === 0 && only) devices.set(value, only);
  for (const node of flow.nodes) {
    const device =
      deviceArgument(node)?.device ??
      flow
        .uses(node)
        .map((ref) => devices.get(ref))
        .find((known) => known !== undefined) ??
      (others.length === 0 ? only : undefined);
    if (device !== undefined) for (const value of node.results) devices.set(value, device);
  }
  return devices;
}

/** The device that an argument of the node names, and which argument it is; null where none does. */
export function deviceArgument({
  type,
  operator,
  overload,
  args,
}: NodeSpec): { at: number; device: string } | null {
  if (type !== "operator" || !args.some(isDevice)) return null;
  const at = binding
    .schema(operator, overload)
    .arguments.findIndex((argument) => argument.type.startsWith("Device"));
  const given = args[at];
  return isDevice(given) ? { at, device: given.constant } : null;
}

function isDevice(argument: ArgumentSpec | null | undefined): argument is { constant: string } {
  return !!argument && "constant" in argument && isDeviceName(argument.constant);
}
