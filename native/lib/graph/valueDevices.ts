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

/**
 * The device that an argument of the node names, and which argument it is; null where none does. An operator that makes tensors
 * from no others makes them on the CPU where none is named.
 */
export function deviceArgument({
  type,
  operator,
  overload,
  args,
}: NodeSpec): { at: number; device: string } | null {
  if (type !== "operator") return null;
  const { at, isFactory } = placeArgument(operator, overload);
  if (at < 0) return null;
  const given = args[at];
  if (isDevice(given)) return { at, device: given.constant };
  return isFactory ? { at, device: "cpu" } : null;
}

const placeArguments = new Map<string, { at: number; isFactory: boolean }>();

/** Where the operator's device argument stands, -1 for none, and whether it makes tensors from no others. */
function placeArgument(operator: string, overload: string): { at: number; isFactory: boolean } {
  const key = `${operator}.${overload}`;
  let place = placeArguments.get(key);
  if (!place) {
    const types = binding.schema(operator, overload).arguments.map(({ type }) => type);
    place = {
      at: types.findIndex((type) => type.startsWith("Device")),
      isFactory: !types.some((type) => type.startsWith("Tensor")),
    };
    placeArguments.set(key, place);
  }
  return place;
}

function isDevice(argument: ArgumentSpec | null | undefined): argument is { constant: string } {
  return !!argument && "constant" in argument && isDeviceName(argument.constant);
}
