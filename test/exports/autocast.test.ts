import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PatchableGraph, type Tensor, torch, UnsupportedExportError, ZeroPatch } from "../../native/lib";
import { archiveBytes, programJson, tensorMeta } from "../support/exportArchive";
import { ScratchFolder } from "../support/files";
import { examplesOf, loadCase } from "./cases";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
beforeAll(() => {
  torch.setNumThreads(1);
});

const x = torch.ones([2, 2]);

/** `x @ x` inside of `torch.autocast(region)`, of a model on `device`. */
function archiveOf(region: string, device: string): Promise<PatchableGraph> {
  const meta = { ...tensorMeta(x), device: { type: device, index: null } };
  const product = { target: "torch.ops.aten.mm.default", inputs: { self: "x", mat2: "x" }, outputs: ["y"] };
  const shape = { outputs: ["y"], metas: { x: meta, y: meta } };
  const inner = programJson({ ...shape, nodes: [product] }).graph_module as { graph: unknown };
  const regionNode = {
    target: "torch.ops.higher_order.wrap_with_autocast",
    inputs: {
      device_type: { as_string: region },
      dtype: { as_scalar_type: 6 },
      enabled: true,
      cache_enabled: null,
      wrapped_func: { as_graph: { name: "region", graph: inner.graph } },
      args: "x",
    },
    outputs: ["y"],
  };
  const path = join(scratch.path, "region.pt2");
  writeFileSync(path, archiveBytes(programJson({ ...shape, nodes: [regionNode] })));
  return PatchableGraph.load(path);
}

describe("regions of other devices", () => {
  it("convert nothing of tensors that are not there", async () => {
    const graph = await archiveOf("cuda", "cpu");
    expect([...graph.nodes.keys()]).toEqual(["x", "mm", "output|sub_0"]);
    await graph.run({ x });
  });

  it("are refused where there are such tensors", async () => {
    await expect(archiveOf("cuda", "cuda")).rejects.toThrow(UnsupportedExportError);
    await expect(archiveOf("cuda", "cuda")).rejects.toThrow(/run_decompositions/);
  });
});

it("operators made of others are swept cell by cell as they are run", async () => {
  const graph = await loadCase("composites");
  const [, { inputs }] = examplesOf("composites");
  const cells = ["lin.linear", "x", "einsum", "last_0.linear"].map((place) => ({ [place]: new ZeroPatch() }));
  const outputs = ["output|sub_0", "output|sub_2", "output|sub_3"];
  const measure = (values: Tensor[]) =>
    values.reduce((sum, value) => sum + (value.to("float64").sum().item() as number), 0);
  const swept = await graph.sweep({
    inputs,
    cells,
    outputs,
    metric: (values: Record<string, Tensor>) => measure(outputs.map((output) => values[output])),
  });
  for (const [i, cell] of cells.entries()) {
    const result = (await graph.patch(cell, () => graph.run(inputs))) as unknown as Tensor[];
    expect(swept.samples[i][0]).toBeCloseTo(measure([result[0], result[2], result[3]]), 6);
  }
});
