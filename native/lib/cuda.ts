import { binding } from "./binding";
import { ArgumentError } from "./errors";

/** PyTorch's `torch.cuda`, as far as placing a model needs it. */
export const cuda = {
  /** Whether there is a GPU that can be used. If not, using one is an error that says why. */
  is_available(): boolean {
    return binding.cudaStatus().devices > 0;
  },

  /** How many GPUs can be used. */
  device_count(): number {
    return binding.cudaStatus().devices;
  },

  /**
   * Bytes of a GPU that are free, and all it has.
   * @param device its number, or `"cuda:0"`
   * @throws DeviceError saying why, if there is no such GPU.
   */
  mem_get_info(device: number | string = 0): [free: number, total: number] {
    const index =
      typeof device === "number"
        ? device
        : Number(/^cuda(?::(\d+))?$/.exec(device)?.[1] ?? (device === "cuda" ? 0 : Number.NaN));
    if (!Number.isInteger(index) || index < 0) throw new ArgumentError(`"${device}" is no GPU ("cuda:0")`);
    return binding.cudaMemory(index);
  },
};
