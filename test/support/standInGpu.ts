// Opens the GPU of the tests (test/devices/standIn). A test file imports it before the library: libtorch asks once which devices there are.
import { join } from "node:path";
import { describe } from "vitest";

/** What the stand-in tells of a device, and is told. */
export interface StandInGpu {
  /** Memory that tensors have now, and the most they had since {@link forgetMost}. */
  memory(device: number): { bytes: number; blocks: number; mostBytes: number };
  forgetMost(device: number): void;
  /** How much memory the device has. */
  limitMemory(device: number, bytes: number): void;
}

export const STAND_IN = join(__dirname, "..", "devices", "standIn", "build", "standInGpu.node");

/** CUDA is for Linux only, and so is what stands for it. */
export const hasStandIn = process.platform === "linux";

function open(): StandInGpu {
  if (!hasStandIn) throw new Error("the GPU of the tests is for Linux only");
  const module = { exports: {} };
  process.dlopen(module, STAND_IN);
  return module.exports as StandInGpu;
}

/** Tests that need the two GPUs `cuda:0` and `cuda:1`. */
export const describeOnGpu = describe.runIf(hasStandIn);

export const gpu: StandInGpu = hasStandIn ? open() : ({} as StandInGpu);

/** Memory that tensors have on each device once garbage is collected. */
export async function bytesOnGpus(): Promise<number[]> {
  // Imported late: it loads the library.
  const { bytesHeld } = await import("./memory");
  for (let turn = 0; turn < 3; turn++) await bytesHeld();
  return [0, 1].map((device) => gpu.memory(device).bytes);
}

/** Runs `body` with no more than `bytes` of free memory on a device. */
export async function withFreeMemory<T>(
  device: number,
  bytes: number,
  body: () => Promise<T> | T,
): Promise<T> {
  gpu.limitMemory(device, gpu.memory(device).bytes + bytes);
  try {
    return await body();
  } finally {
    gpu.limitMemory(device, 2 ** 32);
  }
}
