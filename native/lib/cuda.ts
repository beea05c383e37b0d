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
    return binding.cudaMemory(indexOf(device));
  },

  /**
   * Waits until a GPU has done what it was given: for measuring times, and before values are read that were copied with `non_blocking`.
   * @param device its number, or `"cuda:0"`
   * @throws DeviceError saying why, if there is no such GPU.
   */
  synchronize(device: number | string = 0): void {
    binding.cudaSynchronize(indexOf(device));
  },

  /** Gives memory of freed tensors, which is kept for later ones, back to the GPUs, for other programs. */
  empty_cache(): void {
    binding.cudaEmptyCache();
  },
};

/** The number of a GPU. */
function indexOf(device: number | string): number {
  const index =
    typeof device === "number"
      ? device
      : Number(/^cuda(?::(\d+))?$/.exec(device)?.[1] ?? (device === "cuda" ? 0 : Number.NaN));
  if (!Number.isInteger(index) || index < 0) throw new ArgumentError(`"${device}" is no GPU ("cuda:0")`);
  return index;
}
