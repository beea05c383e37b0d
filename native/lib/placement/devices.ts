import { binding } from "../binding";
import { callOperator } from "../dispatch/dispatch";
import { ArgumentError, DeviceError } from "../errors";
import type { Tensor } from "../tensor/tensor";

/** Where weights stay in their file, mapped, and are read for each use. */
export const DISK = "disk";

/**
 * The full name of a place for weights: `cuda` is `cuda:0`.
 * @throws ArgumentError when it is none; DeviceError, saying why, when it is a GPU that is not there.
 */
export function placeNamed(name: unknown): string {
  if (name === "cpu" || name === "meta" || name === DISK) return name;
  const [isGpu, index = "0"] = (typeof name === "string" && /^cuda(?::(\d+))?$/.exec(name)) || [];
  if (isGpu === undefined) {
    throw new ArgumentError(
      `a place for weights must be "cpu", "cuda", "cuda:0", …, "disk" or "meta"; found ${JSON.stringify(name)}`,
    );
  }
  const { devices, problem } = binding.cudaStatus();
  if (devices === 0) throw new DeviceError(`there is no device "${name}": ${problem}`);
  if (Number(index) >= devices) {
    throw new DeviceError(
      `there is no device "${name}"; the GPUs of this machine are cuda:0 to cuda:${devices - 1}`,
    );
  }
  return `cuda:${index}`;
}

/**
 * The full name of a device that computes.
 * @throws ArgumentError when it is none; DeviceError, saying why, when it is a GPU that is not there.
 */
export function computingDevice(name: unknown): string {
  const place = placeNamed(name);
  if (place !== DISK) return place;
  throw new ArgumentError(`nothing can be computed on "${DISK}"; give a device: "cpu", "cuda:0"`);
}

/** The tensor on `device`; itself if it is there. In a capture a move is a node, `to_copy`. */
export function onDevice(tensor: Tensor, device: string): Tensor {
  return tensor.device === device ? tensor : moved(tensor, device);
}

/** A copy of the tensor on `device`, also where it is there already. */
export function moved(tensor: Tensor, device: string): Tensor {
  return callOperator("aten::_to_copy", [tensor], { device }) as Tensor;
}
