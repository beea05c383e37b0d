import { binding, type TensorHandle } from "../binding";

/**
 * An operator's arguments with their tensors on one device: where they are on several, `move` brings all to `device`.
 * A single number on the CPU may stay, as in PyTorch.
 */
export function onOneDevice(
  args: unknown,
  device: string,
  move: (tensor: TensorHandle, device: string) => unknown,
): unknown {
  const devices = new Set<string>();
  const look = (tensor: TensorHandle): TensorHandle => {
    if (!isNumber(tensor)) devices.add(binding.device(tensor));
    return tensor;
  };
  mapTensors(args, look);
  if (devices.size < 2) return args;
  return mapTensors(args, (tensor) =>
    isNumber(tensor) || binding.device(tensor) === device ? tensor : move(tensor, device),
  );
}

function isNumber(tensor: TensorHandle): boolean {
  return binding.dim(tensor) === 0 && binding.device(tensor) === "cpu";
}

/** The same lists and options with `change(tensor)` in the place of each tensor. */
function mapTensors(value: unknown, change: (tensor: TensorHandle) => unknown): unknown {
  if (binding.isTensor(value)) return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, change));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, change)]));
}
