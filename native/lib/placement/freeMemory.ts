import { cuda } from "../cuda";
import { ArgumentError } from "../errors";
import { placeNamed } from "./devices";

/** What weights may take of the memory that is free: the rest is for activations, and for other programs. */
const SHARE_OF_GPU = 0.9;
const SHARE_OF_MEMORY = 0.8;
const UNITS: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** How much memory weights may take on devices, in bytes or as `"10GB"`, `"900MiB"`. */
export type MemoryLimits = Readonly<Record<string, number | string>>;

/**
 * Bytes that weights may take, by device: the GPUs, then the CPU's memory.
 * @param limits in place of what is measured; with any given, devices that are not named are not used
 * @throws ArgumentError for a limit that is none; DeviceError for a GPU that is not there.
 */
export function roomForWeights(limits: MemoryLimits | undefined): Map<string, number> {
  if (limits !== undefined) {
    return new Map(
      Object.entries(limits).map(([device, limit]) => [placeNamed(device), bytes(device, limit)]),
    );
  }
  const room = new Map<string, number>();
  for (let i = 0; i < cuda.device_count(); i++) {
    const [free] = cuda.mem_get_info(i);
    room.set(`cuda:${i}`, free * SHARE_OF_GPU);
  }
  // What this process can still get, within the limits of its container.
  return room.set("cpu", process.availableMemory() * SHARE_OF_MEMORY);
}

function bytes(device: string, limit: unknown): number {
  const [, number, unit] = /^([\d.]+)\s*([KMG]i?B)$/i.exec(String(limit)) ?? [];
  const value = typeof limit === "number" ? limit : Number(number) * UNITS[unit?.toUpperCase() ?? ""];
  if (value >= 0) return value;
  throw new ArgumentError(
    `maxMemory of "${device}" must be bytes or a text such as "10GB"; found ${JSON.stringify(limit)}`,
  );
}
