import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ScratchFolder } from "../../../../test/support/files";
import { SavedGraphBytes } from "../../../../test/support/savedGraph";
import { callOperator } from "../../dispatch/dispatch";
import { ArgumentError, CorruptFileError, DeviceError } from "../../errors";
import { Linear, Module } from "../../nn";
import type { Tensor } from "../../tensor";
import { torch } from "../../torch";
import { PatchableGraph } from "../patchableGraph";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

/** Brings its input to a device before it computes, as a model with a `deviceMap` does. */
class Model extends Module {
  readonly proj = new Linear(4, 4);
  forward(x: Tensor): Tensor {
    return this.proj.call(callOperator("aten::_to_copy", [x], { device: "cpu" }) as Tensor);
  }
}

const input = torch.arange(8, { dtype: "float32" }).view([2, 4]);

/** A graph that is said to have been on `device`: this machine has one device at most. */
async function savedOn(device: unknown): Promise<{ path: string; expected: Tensor }> {
  const pg = await PatchableGraph.capture(new Model(), input);
  const path = join(scratch.path, "graph.safetensors");
  await pg.save(path);
  const saved = new SavedGraphBytes(path);
  const description = saved.description();
  for (const tensor of description.tensors) Object.assign(tensor, { device });
  const text = JSON.stringify(description).replace(
    '{"constant":"cpu"}',
    JSON.stringify({ constant: device }),
  );
  expect(text).toContain(JSON.stringify({ constant: device }));
  scratch.write("graph.safetensors", saved.withDescription(JSON.parse(text)));
  return { path, expected: (await pg.run(input)) as Tensor };
}

describe.skipIf(torch.cuda.is_available())("a graph that was on a GPU, on a machine without one", () => {
  test("says so, and what opens it", async () => {
    const { path } = await savedOn("cuda:0");
    const loading = PatchableGraph.load(path);
    await expect(loading).rejects.toThrow(DeviceError);
    await expect(loading).rejects.toThrow(
      /graph\.safetensors: there is no device "cuda:0": .*load\(path, \{ device: "cpu" \}\) opens the graph on the CPU/,
    );
  });

  test('is opened by { device: "cpu" }, with the same values', async () => {
    const { path, expected } = await savedOn("cuda:0");
    const pg = await PatchableGraph.load(path, { device: "cpu" });
    expect(torch.equal((await pg.run(input)) as Tensor, expected)).toBe(true);
  });
});

test.each(["moon", "meta", 3])("a tensor on %j is refused", async (device) => {
  const { path } = await savedOn(device);
  await expect(PatchableGraph.load(path)).rejects.toThrow(CorruptFileError);
  await expect(PatchableGraph.load(path)).rejects.toThrow(/tensors\[0\]\.device must be/);
});

test("a device that is none", async () => {
  const { path } = await savedOn("cuda:0");
  await expect(PatchableGraph.load(path, { device: "moon" })).rejects.toThrow(ArgumentError);
});
