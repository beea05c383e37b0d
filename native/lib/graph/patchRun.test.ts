import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { setUp } from "../../../test/support/toyGraph";
import { PatchError } from "../errors";
import {
  AddPatch,
  CustomPatch,
  ProbePatch,
  RecordPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("patches", () => {
  it("leave other users of the same tensor alone", async () => {
    const { pg, inputs } = await setUp();
    const [input, source] = [new ProbePatch(), new ProbePatch()];
    await pg.patch({ "h_1.proj.input": [new ZeroPatch(), input], "h_0.output|sub_0": source }, () =>
      pg.run(inputs),
    );
    expect(input.activation.abs().sum().item()).toBe(0);
    expect(source.activation.abs().sum().item()).not.toBe(0);
  });

  it("apply outer scopes first, in order, and only inside their scope", async () => {
    const { pg, inputs } = await setUp();
    const seen = new RecordPatch();
    const node = "h_0.proj";
    await pg.patch({ [node]: new ReplacePatch({ value: 1 }) }, () =>
      pg.patch({ [node]: [new AddPatch({ value: 2 }), seen] }, () => pg.run(inputs)),
    );
    expect((seen.activations[0] as Tensor).at("0, 0, 0").item()).toBe(3);
    const plain = await pg.run(inputs);
    const again = await pg.run(inputs);
    expect(torch.equal(plain.logits, again.logits)).toBe(true);
    expect(seen.activations.length).toBe(1);
  });

  it("are invisible to other runs in flight", async () => {
    const { pg, inputs } = await setUp();
    const alone = await pg.run(inputs);
    const zeroed = await pg.patch({ "h_1.act_1": new ZeroPatch() }, () => pg.run(inputs));
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? pg.run(inputs)
          : pg.patch({ "h_1.act_1": new ZeroPatch() }, async () => {
              await null;
              return pg.run(inputs);
            }),
      ),
    );
    results.forEach(({ logits }, i) => {
      expect(torch.equal(logits, i % 2 === 0 ? alone.logits : zeroed.logits)).toBe(true);
    });
    expect(torch.equal(alone.logits, zeroed.logits)).toBe(false);
  });

  it("last for a block with `using`", async () => {
    const { pg, inputs } = await setUp();
    const plain = await pg.run(inputs);
    {
      using _scope = pg.patch({ "h_1.act_1": new ZeroPatch() });
      expect(torch.equal((await pg.run(inputs)).logits, plain.logits)).toBe(false);
    }
    expect(torch.equal((await pg.run(inputs)).logits, plain.logits)).toBe(true);
  });

  it("edit parameters, inputs, outputs and sizes", async () => {
    const { pg, inputs, model } = await setUp();
    const probe = new ProbePatch();
    await pg.patch(
      { "h_0.proj.weight": new ZeroPatch(), "h_0.proj.bias": new ZeroPatch(), "h_0.proj": probe },
      () => pg.run(inputs),
    );
    expect(probe.activation.abs().sum().item()).toBe(0);
    expect(model.h.at(0).proj.weight.abs().sum().item()).not.toBe(0);
    const size = new ProbePatch();
    expect(() => size.activation).toThrow(/has seen no value yet/);
    await pg.patch({ floordiv: size }, () => pg.run(inputs));
    expect(size.number).toBe(2);
    expect(() => size.activation).toThrow(/is the number 2; read probe\.number/);
    const shorter = await pg.patch({ floordiv: new ReplacePatch({ value: 1 }) }, () => pg.run(inputs));
    expect(shorter.logits.shape).toEqual([2, 1, 4]);
    const fromZero = await pg.patch({ x: new ZeroPatch() }, () => pg.run(inputs));
    const zero = await pg.run({ x: torch.zeros([2, 4, 4]) });
    expect(torch.equal(fromZero.logits, zero.logits)).toBe(true);
    const { logits } = await pg.patch({ "output|logits": new AddPatch({ value: 5 }) }, () => pg.run(inputs));
    expect(torch.equal(logits, (await pg.run(inputs)).logits.add(5))).toBe(true);
  });

  it("report what they did, and warn when they did nothing", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { pg, inputs } = await setUp();
    const add = new AddPatch({ value: torch.tensor([0.5, -3, 0, 0]), slice: "0, 1" });
    await pg.patch({ "h_0.proj": add }, () => pg.run(inputs));
    expect([add.fired, add.maxChange]).toEqual([true, 3]);
    expect(inspect(add)).toBe("AddPatch [0, 1]: fired, changed values by up to 3");
    expect(inspect(new ProbePatch())).toBe("ProbePatch: saw nothing yet");
    expect(warn).not.toHaveBeenCalled();
    pg.patch({ "h_0.proj": new ZeroPatch() }, () => 1);
    expect(warn).toHaveBeenCalledWith(
      "ZeroPatch at h_0.proj.output never fired: nothing was run in its scope",
    );
  });

  it("may stand on several nodes; a probe may not", async () => {
    const { pg, inputs } = await setUp();
    const add = new AddPatch({ value: 2 });
    const probe = new ProbePatch();
    await pg.patch({ "h_0.proj": add, "h_1.proj": [add, new ScalePatch({ factor: 3 })] }, () =>
      pg.run(inputs),
    );
    expect([add.fired, add.maxChange]).toEqual([true, 2]);
    await expect(pg.patch({ "h_0.proj": probe, "h_1.proj": probe }, () => pg.run(inputs))).rejects.toThrow(
      /the same ProbePatch is on h_0\.proj\.output and on h_1\.proj\.output: it can keep one value only/,
    );
  });

  it("may be any function, asynchronous, in place, or one that runs the graph itself", async () => {
    const { pg, inputs } = await setUp();
    const inner = await pg.run(inputs, { outputs: ["h_0.proj"] });
    const custom = new CustomPatch({
      op: async (value) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const nested = await pg.run(inputs, { outputs: ["x"] });
        expect(torch.equal(nested.x, inputs.x)).toBe(true);
        return value.mul(3);
      },
    });
    const inPlace = new CustomPatch({
      op: (value) => {
        value.add_(1);
      },
    });
    const [before, after] = [new ProbePatch(), new ProbePatch()];
    await pg.patch({ "h_0.proj": [before, custom, inPlace, after] }, () => pg.run(inputs));
    expect(torch.equal(before.activation, inner["h_0.proj"])).toBe(true);
    expect(torch.allclose(after.activation, inner["h_0.proj"].mul(3).add(1))).toBe(true);
  });

  it("that throw reject the run with their error", async () => {
    const { pg, inputs } = await setUp();
    const failing = new CustomPatch({
      op: () => {
        throw new RangeError("mine");
      },
    });
    await expect(pg.patch({ "h_0.proj": failing }, () => pg.run(inputs))).rejects.toThrow(RangeError);
    const wrong = new CustomPatch({ op: () => "text" as unknown as number });
    await expect(pg.patch({ "h_0.proj": wrong }, () => pg.run(inputs))).rejects.toThrow(PatchError);
    await pg.run(inputs);
  });

  it("that do not fit are refused with node and shapes", async () => {
    const { pg, inputs } = await setUp();
    const at = (patch: AddPatch | ReplacePatch, given = inputs) =>
      pg.patch({ "h_0.proj": patch }, () => pg.run(given));
    const other = { x: torch.randn([1, 6, 4]) };
    for (const given of [inputs, other]) {
      await expect(at(new AddPatch({ value: torch.zeros([3]) }), given)).rejects.toThrow(
        /AddPatch at h_0\.proj\.output: a value of shape \[3\] does not fit the node, of shape \[\d, \d, 4\]/,
      );
      await expect(at(new ReplacePatch({ value: torch.zeros([4]), slice: "0, 9" }), given)).rejects.toThrow(
        /ReplacePatch \[0, 9\] at h_0\.proj\.output: the slice does not fit/,
      );
    }
    await expect(
      pg.patch({ x: new AddPatch({ value: torch.tensor([true]) }) }, () => pg.run(inputs)),
    ).resolves.toBeDefined();
    expect(() => new AddPatch({} as never)).toThrow(PatchError);
    expect(() => pg.patch({ x: "zero" as never }, () => 0)).toThrow(/expected a patch/);
  });
});
