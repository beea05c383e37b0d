import { afterEach, describe, expect, it, vi } from "vitest";
import { PatchError } from "../errors";
import { engine } from "../graph/native";
import { PatchableGraph } from "../graph/patchableGraph";
import { Module } from "../nn";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import {
  AddPatch,
  CustomPatch,
  MeanPatch,
  type Patch,
  ProbePatch,
  ProjectPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from ".";

/** Values of several kinds: `double` float [2, 3, 4], `gt` bool, `argmax` integers [2, 3], `size` a number. */
class Values extends Module {
  forward(x: Tensor): { doubled: Tensor; mask: Tensor; best: Tensor; rows: Tensor } {
    const doubled = x.mul(2);
    const rows = torch.arange(x.size(1));
    return { doubled, mask: doubled.gt(0), best: doubled.argmax(-1), rows };
  }
}

async function setUp() {
  torch.manual_seed(5);
  const x = torch.randn([2, 3, 4]);
  const pg = await PatchableGraph.capture(new Values(), x);
  const apply = async (node: string, patch: Patch | Patch[]) => pg.patch({ [node]: patch }, () => pg.run(x));
  return { x, pg, apply, doubled: x.mul(2) };
}

const close = (a: Tensor, b: Tensor) => expect(torch.allclose(a, b, 1e-5, 1e-6), `${a}\n${b}`).toBe(true);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("ScalePatch", () => {
  it("multiplies a part, and gradients reach the factor", async () => {
    const { apply, doubled } = await setUp();
    const factor = torch.tensor([1, 2, 3, 4], { dtype: "float32", requires_grad: true });
    const patch = new ScalePatch({ factor, slice: "1" });
    const result = await apply("mul", patch);
    close(result.doubled.at("1"), doubled.at("1").mul(factor));
    close(result.doubled.at("0"), doubled.at("0"));
    await result.doubled.sum().backward();
    close(factor.grad as Tensor, doubled.at("1").sum([0]));
    expect(patch.maxChange).toBeCloseTo(Number(doubled.at("1").mul(factor.sub(1)).abs().max().item()), 5);
  });
});

describe("MeanPatch", () => {
  it("takes the mean over the batch, over positions, over dimensions, or a given one", async () => {
    const { apply, doubled } = await setUp();
    const after = async (patch: Patch) => (await apply("mul", patch)).doubled;
    close(await after(new MeanPatch({ over: "batch" })), doubled.mean([0], true).expand([2, 3, 4]));
    close(await after(new MeanPatch({ over: "positions" })), doubled.mean([1], true).expand([2, 3, 4]));
    close(await after(new MeanPatch({ over: [0, -2] })), doubled.mean([0, 1], true).expand([2, 3, 4]));
    const given = torch.tensor([1, 2, 3, 4], { dtype: "float32" });
    close((await after(new MeanPatch({ value: given, slice: ":, 0" }))).at(":, 0"), given.expand([2, 4]));
  });

  it("puts the whole value's mean into a slice that has lost its dimension", async () => {
    const { apply, doubled } = await setUp();
    const { doubled: changed } = await apply("mul", new MeanPatch({ over: "positions", slice: "0, 2" }));
    close(changed.at("0, 2"), doubled.at("0").mean([0]));
    close(changed.at("0, :2"), doubled.at("0, :2"));
    close(changed.at("1"), doubled.at("1"));
  });

  it("needs one of its two options", () => {
    expect(() => new MeanPatch({} as never)).toThrow(/needs \{ over: "batch" \}/);
    expect(() => new MeanPatch({ over: "batch", value: 1 } as never)).toThrow(PatchError);
    expect(() => new MeanPatch({ over: "tokens" as never })).toThrow(/over must be "batch", "positions"/);
    expect(() => new MeanPatch({ over: [] })).toThrow(PatchError);
  });
});

describe("ProjectPatch", () => {
  it("removes or keeps one direction, however long", async () => {
    const { apply, doubled } = await setUp();
    const direction = torch.tensor([3, 0, 4, 0], { dtype: "float32" });
    const unit = direction.div(5);
    const along = doubled.mul(unit).sum(-1, { keepdim: true }).mul(unit);
    close((await apply("mul", new ProjectPatch({ direction }))).doubled, doubled.sub(along));
    close((await apply("mul", new ProjectPatch({ direction, mode: "keep" }))).doubled, along);
  });

  it("removes a subspace whose directions depend on each other", async () => {
    const { apply, doubled } = await setUp();
    const direction = torch
      .tensor([
        [1, 0, 0, 0],
        [1, 1, 0, 0],
        [3, 2, 0, 0],
      ])
      .float();
    const { doubled: rest } = await apply("mul", new ProjectPatch({ direction }));
    expect(rest.at("..., :2").abs().max().item()).toBeLessThan(5e-6);
    close(rest.at("..., 2:"), doubled.at("..., 2:"));
  });

  it("acts along any dimension, and gradients reach the direction", async () => {
    const { apply, doubled } = await setUp();
    const direction = torch.tensor([1, 1, 1], { dtype: "float32", requires_grad: true });
    const { doubled: rest } = await apply("mul", new ProjectPatch({ direction, dim: 1 }));
    close(rest, doubled.sub(doubled.mean([1], true)));
    await rest.mul(rest).sum().backward();
    // By PyTorch's autograd of the same formula.
    const again = torch.ones([3], { requires_grad: true });
    const unit = again.div(again.norm()).unsqueeze(1);
    const other = doubled.sub(doubled.mul(unit).sum(1, { keepdim: true }).mul(unit));
    await other.mul(other).sum().backward();
    close(direction.grad as Tensor, again.grad as Tensor);
  });

  it("works in half precision", async () => {
    const x = torch.randn([2, 64]).half();
    const pg = await PatchableGraph.capture(new Values(), x.unsqueeze(0));
    const direction = torch.randn([64]);
    const patches = { mul: new ProjectPatch({ direction }) };
    const { doubled } = await pg.patch(patches, () => pg.run(x.unsqueeze(0)));
    expect(doubled.dtype).toBe("float16");
    const left = doubled.float().mul(direction.div(direction.norm())).sum(-1).abs().max().item();
    expect(Number(left)).toBeLessThan(0.02);
  });
});

describe("patches on integers, masks and numbers", () => {
  it("change them by their own arithmetic", async () => {
    const { apply, x } = await setUp();
    const best = x.argmax(-1);
    expect((await apply("argmax", new AddPatch({ value: 10 }))).best.tolist()).toEqual(best.add(10).tolist());
    expect((await apply("argmax", new ScalePatch({ factor: 3, slice: "0" }))).best.at("0").tolist()).toEqual(
      best.at("0").mul(3).tolist(),
    );
    const { mask } = await apply("gt", new ReplacePatch({ value: true, slice: ":, 0" }));
    expect(mask.at(":, 0").tolist()).toEqual([Array(4).fill(true), Array(4).fill(true)]);
    expect((await apply("size", new ScalePatch({ factor: 2 }))).rows.shape).toEqual([6]);
    expect((await apply("size", new AddPatch({ value: -1 }))).rows.shape).toEqual([2]);
    expect((await apply("size", new ZeroPatch())).rows.shape).toEqual([0]);
    const seen: unknown[] = [];
    const custom = new CustomPatch<number>({
      op: (size) => {
        seen.push(size);
        return size + 2;
      },
    });
    expect((await apply("size", custom)).rows.shape).toEqual([5]);
    expect(seen).toEqual([3]);
  });

  it("are refused where a value would silently become another", async () => {
    const { apply } = await setUp();
    const refused = (node: string, patch: Patch, message: RegExp) =>
      expect(apply(node, patch)).rejects.toThrow(message);
    await refused(
      "argmax",
      new AddPatch({ value: 0.5 }),
      /AddPatch at argmax: a value of dtype Double cannot stand/,
    );
    await refused("argmax", new ScalePatch({ factor: 0.5 }), /cannot stand in a Long value/);
    await refused("gt", new ReplacePatch({ value: 2 }), /cannot stand in a Bool value/);
    await refused("argmax", new MeanPatch({ over: "batch" }), /dtype Long, which has no mean/);
    await refused("size", new AddPatch({ value: 0.5 }), /the node is an integer/);
    await refused("size", new AddPatch({ value: 1, slice: "0" }), /a number has no slices/);
    await refused("size", new MeanPatch({ over: 0 }), /the node is a number/);
    await refused(
      "size",
      new CustomPatch({ op: () => torch.ones([]) }),
      /op returned a tensor; it must return a number/,
    );
  });
});

describe("a patch that does not fit", () => {
  it.each<[string, Patch, RegExp]>([
    [
      "a wrong value",
      new AddPatch({ value: torch.zeros([5]) }),
      /value of shape \[5\] does not fit the node, of shape \[2, 3, 4\]/,
    ],
    [
      "a list that reaches too far",
      new ZeroPatch({ slice: [[0, 2]] }),
      /ZeroPatch \[\[0, 2\]\] at mul: the slice does not fit the node, of shape \[2, 3, 4\]/,
    ],
    [
      "a mask of another shape",
      new ZeroPatch({ slice: ["...", torch.tensor([true, false])] }),
      /the slice does not fit/,
    ],
    [
      "a value for the wrong mask",
      new ReplacePatch({ value: torch.zeros([3]), slice: ["...", torch.tensor([true, false, true, false])] }),
      /shape \[3\] does not fit the part it acts on, of shape \[2, 3, 2\]/,
    ],
    [
      "a direction of another width",
      new ProjectPatch({ direction: torch.ones([3]) }),
      /directions of shape \[3\] do not fit dimension -1 of the node, of shape \[2, 3, 4\]; they must be \[4\] or \[k, 4\]/,
    ],
    ["a dimension that is not there", new MeanPatch({ over: 3 }), /dimension 3 of a value with 3 dimensions/],
    ["a probe's slice", new ProbePatch({ slice: "5" }), /ProbePatch \[5\] at mul: the slice does not fit/],
  ])("%s is refused before anything runs", async (_, patch, message) => {
    const { apply } = await setUp();
    const advance = vi.spyOn(engine, "advanceRun");
    await expect(apply("mul", patch)).rejects.toThrow(message);
    expect(advance).not.toHaveBeenCalled();
  });

  it("is refused at its node where shapes are only known there", async () => {
    const { pg } = await setUp();
    const run = pg.patch({ mul: new AddPatch({ value: torch.zeros([5]) }) }, () =>
      pg.run(torch.ones([1, 7, 4])),
    );
    await expect(run).rejects.toThrow(
      /AddPatch at mul: a value of shape \[5\] does not fit the node, of shape \[1, 7, 4\]/,
    );
  });

  it("is not refused because of a shape that another patch changes", async () => {
    const { pg, x } = await setUp();
    const patches = {
      size: new AddPatch({ value: 4 }),
      arange: new AddPatch({ value: torch.ones([7], { dtype: "int64" }) }),
    };
    const { rows } = await pg.patch(patches, () => pg.run(x));
    expect(rows.tolist()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("has no direction to act along when it is zero", async () => {
    const { apply } = await setUp();
    await expect(apply("mul", new ProjectPatch({ direction: torch.zeros([4]) }))).rejects.toThrow(
      /the direction is zero/,
    );
    expect(() => new ProjectPatch({ direction: [1, 2] as never })).toThrow(/a tensor \[width\]/);
    expect(() => new ProjectPatch({ direction: torch.ones([4]), mode: "drop" as never })).toThrow(
      /"remove" or "keep"/,
    );
    expect(() => new ScalePatch({} as never)).toThrow(/needs \{ factor/);
  });
});

it("gradients of a probed part", async () => {
  const { pg, x } = await setUp();
  const probe = new ProbePatch({ grad: true, slice: "0, 1" });
  const { doubled } = await pg.patch({ mul: probe }, () => pg.run(x));
  await doubled.mul(3).at("0").sum().backward();
  expect(probe.grad?.tolist()).toEqual([3, 3, 3, 3]);
});
