import { expect, test } from "vitest";
import { AddPatch, ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import type { SweepOptions } from "../../native/lib/sweep";
import { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { examplesOf, loadCase } from "../exports/cases";
import { compare, used } from "./support";

/** Decoders that torch.export wrote, some with fused attention; bloom and mixtral have operators without rules. */
const CAUSAL = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma3", "phi3", "gpt-neox", "opt"];

/** Nodes of a graph that cells patch: every few of those that hold [texts, positions, …], and the inputs of these. */
function nodesOf(
  nodes: Iterable<{ name: string; shape: number[] | null; dtype: string | null; kind: string }>,
) {
  const fitting = [...nodes].filter(
    ({ shape, dtype, kind }) =>
      shape !== null &&
      shape.length === 3 &&
      dtype === "float32" &&
      kind !== "parameter" &&
      kind !== "buffer",
  );
  return fitting.filter((_, i) => i % 7 === 3).map(({ name }) => name);
}

test.each([...CAUSAL, "bert", "bloom", "mixtral", "vit"])("archive of %s", async (name) => {
  const pg = await loadCase(name);
  const [{ inputs: given }, { inputs: other }] = examplesOf(name);
  // Without padding, too: positions that are padded on the left see all others.
  const { attention_mask: mask } = given;
  const unpadded = mask instanceof Tensor ? { ...given, attention_mask: torch.ones_like(mask) } : given;
  for (const inputs of [unpadded, other]) {
    const values = Object.values(await pg.run(inputs, { outputs: nodesOf(pg.nodes.values()) }));
    torch.manual_seed(5);
    const cells = nodesOf(pg.nodes.values()).flatMap((node, i) => {
      const [, length, width] = values[i].shape;
      return [0, Math.floor(length / 2), length - 1].map((t) => ({
        [node]: new ReplacePatch({ value: torch.rand([width]), slice: [{}, t] }),
      }));
    });
    const last = nodesOf(pg.nodes.values()).at(-1) as string;
    const several = cells.slice(0, 6).map((cell, i) => ({
      ...cell,
      [last]: [new AddPatch({ value: 0.5, slice: [{}, i % 2] }), new ZeroPatch({ slice: "..., 0" })],
    }));
    const outputs = [...pg.nodes.values()].filter(
      ({ kind, module, shape }) => kind === "output" && module === "" && (shape?.length ?? 0) >= 2,
    );
    const options: SweepOptions = {
      inputs,
      cells: [...cells, ...several],
      outputs: [outputs[0].name],
      metric: (given) => (Object.values(given)[0] as Tensor).flatten(1).pow(2).mean([1]),
    };
    const { all } = await compare(pg, options);
    const count = cells.length + several.length;
    expect(used(all).upstream).toBe(count);
    if (!CAUSAL.includes(name) || inputs !== unpadded) continue;
    expect(used(all)).toMatchObject({ batch: count, causal: count });
  }
});

// Values that the model changes in place, through views too, and parts of its memory that modules share.
test.each(["in-place", "views", "buffers"])("archive of %s, every node", async (name) => {
  const pg = await loadCase(name);
  const [{ inputs }] = examplesOf(name);
  const floats = [...pg.nodes.values()].filter(
    ({ shape, dtype, kind }) =>
      shape !== null && shape.length > 0 && dtype === "float32" && !["parameter", "buffer"].includes(kind),
  );
  torch.manual_seed(6);
  const outputs = floats.filter(({ kind, module }) => kind === "output" && module === "");
  const options: SweepOptions = {
    inputs,
    cells: floats.flatMap(({ name: node }) => [
      { [node]: new AddPatch({ value: 0.5, slice: "0" }) },
      { [node]: [new AddPatch({ value: 0.25 }), new ZeroPatch({ slice: "-1" })] },
    ]),
    outputs: outputs.map(({ name: output }) => output),
    metric: (given) =>
      Object.values(given).reduce((sum, value) => sum + Number((value as Tensor).pow(2).sum().item()), 0),
  };
  const { all } = await compare(pg, options);
  expect(all.samples.some(([value]) => value !== all.base[0])).toBe(true);
  expect(used(all).upstream).toBeGreaterThan(0);
});
