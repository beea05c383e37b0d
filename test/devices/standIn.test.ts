import "../support/standInGpu";
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { OutOfMemoryError, TorchError } from "../../native/lib/errors";
import { torch } from "../../native/lib/torch";
import { describeOnGpu, gpu, STAND_IN, withFreeMemory } from "../support/standInGpu";

describeOnGpu("the GPU of the tests", () => {
  test("reading its memory without a kernel ends the process, which says so", () => {
    const code = `const m = { exports: {} }; process.dlopen(m, ${JSON.stringify(STAND_IN)}); m.exports.touch()`;
    const { signal, stderr } = spawnSync(process.execPath, ["-e", code], { encoding: "utf8" });
    expect(signal).toBe("SIGSEGV");
    expect(stderr).toContain("memory of the stand-in GPU");
    expect(stderr).toContain("standInGpu.node");
  });

  test("memory that nobody wrote holds no numbers", () => {
    expect(torch.empty([3], { device: "cuda:0" }).isnan().all().item()).toBe(true);
  });

  test.each([
    [
      "two devices",
      () => torch.ones([2], { device: "cuda:0" }).add(torch.ones([2])),
      /at least two devices, cuda:0 and cpu/,
    ],
    [
      "two GPUs",
      () => torch.ones([2], { device: "cuda:0" }).mul(torch.ones([2], { device: "cuda:1" })),
      /at least two devices, cuda:0 and cuda:1/,
    ],
    [
      "an operator of the processor alone",
      () => torch.histogram(torch.ones([4], { device: "cuda:0" }), 2),
      /Could not run 'aten::histogram/,
    ],
    [
      "a product of integers",
      () =>
        torch
          .ones([2, 2], { dtype: "int64", device: "cuda:0" })
          .mm(torch.ones([2, 2], { dtype: "int64", device: "cuda:0" })),
      /not implemented for 'Long'/,
    ],
  ])("what CUDA refuses is refused: %s", (_, call, message) => {
    expect(call).toThrow(TorchError);
    expect(call).toThrow(message);
  });

  test("what CUDA allows is allowed: single numbers and indices of the processor", () => {
    const x = torch.arange(6, { dtype: "float32", device: "cuda:0" }).view([2, 3]);
    expect(x.mul(torch.tensor(2)).tolist()).toEqual([
      [0, 2, 4],
      [6, 8, 10],
    ]);
    expect(x.at([torch.tensor([1])]).tolist()).toEqual([[3, 4, 5]]);
  });

  test("a copy that does not block is there when the device was waited for", () => {
    const copy = torch.ones([2], { device: "cuda:0" }).to("cpu", { non_blocking: true });
    expect(copy.isnan().all().item()).toBe(true);
    torch.cuda.synchronize();
    expect(copy.tolist()).toEqual([1, 1]);
  });

  test("random numbers follow the seed, and are each device's own", () => {
    const draw = (device: string) => {
      torch.manual_seed(3);
      return torch.randn([4], { device }).tolist();
    };
    expect(draw("cuda:0")).toEqual(draw("cuda:0"));
    expect(draw("cuda:0")).not.toEqual(draw("cpu"));
    expect(draw("cuda:0")).not.toEqual(draw("cuda:1"));
  });

  test("memory is counted, and ends", async () => {
    const before = gpu.memory(1);
    const tensor = torch.zeros([10], { device: "cuda:1" });
    expect(gpu.memory(1)).toMatchObject({ bytes: before.bytes + 40, blocks: before.blocks + 1 });
    await expect(withFreeMemory(1, 39, () => tensor.clone())).rejects.toThrow(OutOfMemoryError);
    tensor.dispose();
    expect(gpu.memory(1).bytes).toBe(before.bytes);
  });
});
