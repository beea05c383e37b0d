import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import {
  AutoModelForCausalLM,
  type CausalLM,
  type FromPretrainedOptions,
  type MaskedLM,
} from "../../native/lib/models";
import { AddPatch, ProbePatch, ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { SafetensorsFile } from "../../native/lib/weights";
import { FIXTURES, ScratchFolder } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS, maxDifference } from "../support/parity";

/** The block that the fixtures' hooks change, and the token of their loss (make_models.py). */
const LAYER = 1;
const TARGET = 7;
const TOLERANCE = 1e-5;

type Model = CausalLM | MaskedLM;
type Graph = PatchableGraph<Model>;

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

describe.each(MODELS)("$name, saved and loaded", ({ name, load, block, act, mix, weight }) => {
  const expected = expectedValues(name);
  const pathOf = (kind: string) => join(scratch.path, `${name}.${kind}.safetensors`);
  let model: Model;
  const captured = new Map<string, Graph>();
  const loaded = new Map<string, Graph>();
  const graphIn = (graphs: Map<string, Graph>, input: string) => {
    const graph = graphs.get(input === "plain" ? "plain" : "masked");
    if (!graph) throw new Error("no graph");
    return graph;
  };

  beforeAll(async () => {
    model = await load(join(FIXTURES, name));
    for (const kind of ["plain", "masked"]) {
      const inputs = inputsOf(expected, kind === "plain" ? "plain" : "left");
      const graph = await PatchableGraph.capture(model, inputs);
      await graph.save(pathOf(kind));
      captured.set(kind, graph);
      loaded.set(kind, await PatchableGraph.load<Model>(pathOf(kind)));
    }
  });

  test("the file has the model's weights under their own names and little else", () => {
    const file = new SafetensorsFile(pathOf("plain"));
    const dictionary = model.stateDict();
    const parameters = [...model.namedParameters()].map(([own]) => own);
    expect(
      file
        .names()
        .filter((own) => dictionary.has(own))
        .sort(),
    ).toEqual(parameters.sort());
    for (const own of parameters)
      expect(torch.equal(file.read(own), dictionary.get(own) as Tensor)).toBe(true);
    const bytes = file.names().reduce((sum, own) => sum + file.read(own).data().byteLength, 0);
    expect(statSync(pathOf("plain")).size).toBeLessThan(bytes + 400_000);
  });

  // Products of a matrix and a vector add in an order that depends on the matrix's address.
  test("gives the bits of the saved graph for single tokens", async () => {
    for (let token = 3; token < 20; token++) {
      const inputs = { input_ids: torch.tensor([[token]]) };
      const [wanted, actual] = [
        await graphIn(captured, "plain").run(inputs),
        await graphIn(loaded, "plain").run(inputs),
      ];
      expect(torch.equal(actual.logits, wanted.logits)).toBe(true);
    }
  });

  describe.each(INPUTS)("input %s", (input) => {
    const inputs = inputsOf(expected, input);

    test("gives the bits of the saved graph, and PyTorch's logits", async () => {
      const { logits } = await graphIn(loaded, input).run(inputs);
      expect(torch.equal(logits, (await graphIn(captured, input).run(inputs)).logits)).toBe(true);
      expect(maxDifference(logits, expected.read(`${input}/logits`))).toBeLessThanOrEqual(TOLERANCE);
    });

    test("is patched to the same bits", async () => {
      const run = async (graph: Graph) => {
        const probe = new ProbePatch();
        const patches = {
          [act(0)]: new ZeroPatch({ slice: "..., ::2" }),
          [`${mix(LAYER)}`]: [new ReplacePatch({ value: 0.25, slice: "0, 1" }), probe],
          [block(LAYER)]: new AddPatch({ value: expected.read(`${input}/vector`), slice: "0, 3" }),
        };
        const { logits } = await graph.patch(patches, () => graph.run(inputs));
        return [logits, probe.activation];
      };
      const wanted = await run(graphIn(captured, input));
      const actual = await run(graphIn(loaded, input));
      actual.forEach((tensor, i) => {
        expect(torch.equal(tensor, wanted[i])).toBe(true);
      });
    });

    test("has PyTorch's gradient of a weight", async () => {
      const graph = graphIn(loaded, input);
      const parameter = graph.stateDict().get(weight) as Tensor;
      parameter.requires_grad = true;
      const { logits } = await graph.run(inputs);
      const loss = torch.neg(logits.at("0, -1").log_softmax(-1).at(TARGET));
      await loss.backward();
      expect(
        maxDifference(parameter.grad as Tensor, expected.read(`${input}/grad_weight`)),
      ).toBeLessThanOrEqual(TOLERANCE);
      parameter.requires_grad = false;
      parameter.grad = null;
    });
  });
});

test.each<[string, string, FromPretrainedOptions]>([
  ["in 8 bits", "gpt2-outliers", { loadIn8bit: true }],
  ["in GGUF's blocks", join("gguf", "gpt2-tiny-q8.gguf"), { keepQuantized: true }],
  ["in 16 bits", "gpt2-tiny", { dtype: "bfloat16" }],
])("a model with weights %s is saved with them as they are", async (_what, name, options) => {
  const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name), options);
  const inputs = { input_ids: torch.tensor([[3, 5, 7]]) };
  const graph = await PatchableGraph.capture(model, inputs);
  const path = join(scratch.path, "form.safetensors");
  await graph.save(path);
  const loaded = await PatchableGraph.load<CausalLM>(path);
  const dtypes = (pg: PatchableGraph<CausalLM>) =>
    [...pg.stateDict()].map(([own, { dtype }]) => [own, dtype]);
  expect(dtypes(loaded)).toEqual(dtypes(graph));
  expect(torch.equal((await loaded.run(inputs)).logits, (await graph.run(inputs)).logits)).toBe(true);
});
