import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModel, type BaseModel } from "../../native/lib/models";
import { ZeroPatch } from "../../native/lib/patches";
import { copyCheckpoint } from "../support/checkpoints";
import { FIXTURES, ScratchFolder } from "../support/files";
import { expectedValues, inputsOf, MODELS, maxDifference } from "../support/parity";

const TOLERANCE = 1e-5;

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(MODELS)("$name without its head", ({ name, layers, block }) => {
  const expected = expectedValues(name);
  const inputs = inputsOf(expected, "left");
  let model: BaseModel;
  beforeAll(async () => {
    model = await AutoModel.fromPretrained(join(FIXTURES, name));
  });

  test("the last hidden state, and all of them if they are asked for", () => {
    const { last_hidden_state, ...none } = model.call(inputs);
    expect(none).not.toHaveProperty("hidden_states");
    expect(maxDifference(last_hidden_state, expected.read("left/last_hidden_state"))).toBeLessThanOrEqual(
      TOLERANCE,
    );
    const { hidden_states = [] } = model.call({ ...inputs, output_hidden_states: true });
    expect(hidden_states).toHaveLength(layers + 1);
    hidden_states.forEach((states, i) => {
      expect(maxDifference(states, expected.read(`left/states/${i}`)), `states ${i}`).toBeLessThanOrEqual(
        TOLERANCE,
      );
    });
  });

  test("its graph has the same names without those of the head", async () => {
    const pg = await PatchableGraph.capture(model, { ...inputs, output_hidden_states: true });
    const bare = block(0).replace(/^\w+\./, "");
    const all = { ...inputs, output_hidden_states: true };
    const { hidden_states = [] } = await pg.patch({ [bare]: new ZeroPatch() }, () => pg.run(all));
    expect(hidden_states[1].abs().max().item()).toBe(0);
    expect(maxDifference(hidden_states[0], expected.read("left/states/0"))).toBeLessThanOrEqual(TOLERANCE);
  });

  test("from a file whose names lack the body's, and with it: nothing is missing or unexpected", async () => {
    const warn = vi.spyOn(console, "warn");
    using scratch = new ScratchFolder();
    const body = `${block(0).split(".")[0]}.`;
    const folder = copyCheckpoint(join(FIXTURES, name), scratch.path, (weight) =>
      weight.startsWith(body) ? [weight.slice(body.length)] : [],
    );
    const bare = await AutoModel.fromPretrained(folder);
    const { last_hidden_state } = bare.call(inputs);
    expect(maxDifference(last_hidden_state, expected.read("left/last_hidden_state"))).toBeLessThanOrEqual(
      TOLERANCE,
    );
    await AutoModel.fromPretrained(join(FIXTURES, name));
    expect(warn).not.toHaveBeenCalled();
  });
});
