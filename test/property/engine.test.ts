import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { type CapturedGraph, capture } from "../../native/lib/graph/capture";
import { type Patch, ProbePatch, RecordPatch, ReplacePatch } from "../../native/lib/patches";
import { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import {
  leavesOf,
  programs,
  type RandomInputs,
  RandomModule,
  type RandomOutput,
  randomInputs,
} from "./randomModel";
import { makePatch, type PatchChoice, patchChoices, trainedValue } from "./randomPatches";
import { type Effect, interpret } from "./referenceInterpreter";

type Scope = Record<string, Patch[]>;

/** Patches by node in an outer and an inner scope, and their order by value. */
function placePatches(pg: PatchableGraph<RandomModule>, graph: CapturedGraph, choices: PatchChoice[]) {
  const nodes = [...pg.nodes.values()];
  const scopes: [Scope, Scope] = [{}, {}];
  for (const choice of choices) {
    const node = nodes[choice.node % nodes.length];
    const scope = scopes[choice.inner ? 1 : 0];
    scope[node.name] = [...(scope[node.name] ?? []), makePatch(choice, node)];
  }
  const byValue = new Map<number, Patch[]>();
  for (const scope of scopes) {
    for (const [name, patches] of Object.entries(scope)) {
      const { value } = graph.index.resolve(name);
      byValue.set(value, [...(byValue.get(value) ?? []), ...patches]);
    }
  }
  return { scopes, byValue, all: [...byValue.values()].flat() };
}

/** Whether a run on inputs of the captured shapes leaves out what the patch replaces. */
function skipsReplaced(graph: CapturedGraph, all: Patch[], capturedShapes: boolean) {
  const infoOf = new Map(
    [...graph.index.infos.values()].map((info) => [graph.index.resolve(info.name).value, info]),
  );
  const known = capturedShapes && all.every(({ kind }) => kind !== "custom");
  return (patch: Patch, value: number) =>
    known &&
    patch instanceof ReplacePatch &&
    patch.slice === null &&
    patch.value instanceof Tensor &&
    infoOf.get(value)?.dtype === patch.value.dtype;
}

function expectEffects(all: Patch[], effects: Map<Patch, Effect>) {
  for (const patch of all) {
    const effect = effects.get(patch);
    expect(patch.fired, String(patch)).toBe(effect !== undefined);
    if (!effect) continue;
    if (effect.change !== undefined) expect(patch.maxChange, String(patch)).toBe(effect.change);
    const { seen } = effect;
    if (patch instanceof RecordPatch) expect(patch.activations).toHaveLength(1);
    if (!(patch instanceof ProbePatch || patch instanceof RecordPatch)) continue;
    const actual = patch instanceof RecordPatch ? patch.activations[0] : (patch.number ?? patch.activation);
    if (seen instanceof Tensor) expect(torch.equal(actual as Tensor, seen), String(patch)).toBe(true);
    else expect(actual).toBe(seen);
  }
}

async function gradientsOf(values: Tensor[], output: RandomOutput): Promise<Tensor[]> {
  for (const value of values) value.grad = null;
  const loss = leavesOf(output).reduce((sum, value) => sum.add(value.mul(value).sum()), torch.zeros([]));
  if (loss.requires_grad) await loss.backward();
  return values.map((value) => value.grad?.clone() ?? torch.zeros([]));
}

/** Of each value; a step that squares a large number leaves few digits, so they are compared by size. */
function expectClose(actual: Tensor[], wanted: Tensor[]) {
  actual.forEach((gradient, i) => {
    expect(torch.allclose(gradient, wanted[i], 1e-4, 1e-5, true)).toBe(true);
  });
}

const inputList = ({ x, y, ids }: RandomInputs) => [x, y, ids];

it("a random graph with random patches gives bit for bit what a slow interpreter gives, and the same gradients", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await fc.assert(
    fc.asyncProperty(
      programs,
      patchChoices,
      fc.nat(1000),
      fc.boolean(),
      async (program, choices, seed, capturedShapes) => {
        torch.manual_seed(seed);
        const model = new RandomModule(program);
        const example = randomInputs(2, 3);
        const graph = capture(model, [example]);
        const pg = await PatchableGraph.capture(model, example);
        const inputs = capturedShapes ? randomInputs(2, 3) : randomInputs(3, 5);

        const eager = leavesOf(torch.noGrad(() => model.call(inputs)));
        for (let repetition = 0; repetition < 2; repetition++) {
          const plain = leavesOf((await pg.run(inputs)) as RandomOutput);
          plain.forEach((value, i) => {
            expect(torch.equal(value, eager[i])).toBe(true);
          });
        }

        const { scopes, byValue, all } = placePatches(pg, graph, choices);
        const skips = skipsReplaced(graph, all, capturedShapes);
        const expected = await interpret(graph, inputList(inputs), byValue, graph.output.values, skips);
        const actual = (await pg.patch(scopes[0], () =>
          pg.patch(scopes[1], () => pg.run(inputs)),
        )) as RandomOutput;
        const [last, ...pair] = expected.values as Tensor[];
        const wanted: RandomOutput = { last, pair: pair as [Tensor, Tensor] };
        leavesOf(actual).forEach((value, i) => {
          expect(torch.equal(value, leavesOf(wanted)[i])).toBe(true);
        });
        expectEffects(all, expected.effects);

        const trained = all.flatMap((patch) => trainedValue(patch) ?? []);
        if (trained.length === 0) return;
        expectClose(await gradientsOf(trained, actual), await gradientsOf(trained, wanted));
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);

it("asking for some nodes gives their values and touches nothing else", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await fc.assert(
    fc.asyncProperty(
      programs,
      patchChoices,
      fc.array(fc.nat(500), { minLength: 1, maxLength: 3 }),
      async (program, choices, picked) => {
        const model = new RandomModule(program);
        const example = randomInputs(2, 3);
        const graph = capture(model, [example]);
        const pg = await PatchableGraph.capture(model, example);
        const { scopes, byValue, all } = placePatches(pg, graph, choices);
        const names = [...pg.nodes.keys()];
        const outputs = [...new Set(picked.map((choice) => names[choice % names.length]))];
        const wanted = outputs.map((name) => graph.index.resolve(name).value);
        const skips = skipsReplaced(graph, all, true);
        const { values, effects } = await interpret(graph, inputList(example), byValue, wanted, skips);
        const actual = await pg.patch(scopes[0], () =>
          pg.patch(scopes[1], () => pg.run(example, { outputs })),
        );
        outputs.forEach((name, i) => {
          const value = values[i];
          if (value instanceof Tensor) expect(torch.equal(actual[name], value), name).toBe(true);
          else expect(actual[name]).toBe(value);
        });
        expectEffects(all, effects);
      },
    ),
    { numRuns: 80 },
  );
}, 120_000);
