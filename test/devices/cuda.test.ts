import "../support/standInGpu";
import { expect, test } from "vitest";
import { ArgumentError, DeviceError } from "../../native/lib/errors";
import { torch } from "../../native/lib/torch";
import { describeOnGpu, gpu, withFreeMemory } from "../support/standInGpu";

describeOnGpu("torch.cuda", () => {
  test("tells which GPUs there are, and their memory", async () => {
    expect([torch.cuda.is_available(), torch.cuda.device_count()]).toEqual([true, 2]);
    const [free, total] = torch.cuda.mem_get_info("cuda:1");
    expect(total - free).toBe(gpu.memory(1).bytes);
    await withFreeMemory(1, 1000, () => expect(torch.cuda.mem_get_info(1)[0]).toBe(1000));
    expect(torch.cuda.mem_get_info("cuda")[1]).toBe(torch.cuda.mem_get_info()[1]);
  });

  test("waits, and gives memory back", () => {
    for (const device of [0, "cuda", "cuda:1"]) expect(torch.cuda.synchronize(device)).toBe(undefined);
    expect(torch.cuda.empty_cache()).toBe(undefined);
  });

  test.each([
    [() => torch.cuda.synchronize(2), DeviceError, /no device "cuda:2"; this machine has cuda:0 to cuda:1/],
    [() => torch.cuda.mem_get_info("cuda:7"), DeviceError, /no device "cuda:7"/],
    [() => torch.cuda.synchronize("cpu"), ArgumentError, /"cpu" is no GPU/],
    [() => torch.cuda.mem_get_info(-1), ArgumentError, /"-1" is no GPU/],
    [
      () => torch.zeros([2], { device: "cuda:2" }),
      DeviceError,
      /no device "cuda:2"; this machine has cuda:0 to cuda:1/,
    ],
    [() => torch.ones([2]).cuda("cuda:5"), DeviceError, /no device "cuda:5"/],
    [() => torch.ones([2]).to("mps"), DeviceError, /no device "mps"/],
  ])("%# a GPU that is not there is said to be so", (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
