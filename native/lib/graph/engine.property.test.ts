import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callResolved } from "../dispatch/dispatch";
import { LayerNorm, Linear, Module } from "../nn";
import { AddPatch, type Patch, ProbePatch, ReplacePatch, ZeroPatch } from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { type CapturedGraph, capture } from "./capture";
import { PatchableGraph } from "./patchableGraph";
import type { ArgumentSpec } from "./spec";
import { unflatten } from "./structure";

const WIDTH = 4;

interface ProgramStep {
  op: number;
  a: number;
  b: number;
}

class Gate extends Module {
  forward(input: Tensor): Tensor {
    return torch.relu(input).add(0.5);
  }
}

/** A module whose forward is a random program over earlier values, all of shape [batch, seq, WIDTH]. */
class RandomModule extends Module {
  readonly linear = new Linear(WIDTH, WIDTH);
  readonly norm = new LayerNorm(WIDTH);
  readonly gate = new Gate();

  constructor(readonly program: ProgramStep[]) {
    super();
  }

  forward({ x, y }: { x: Tensor; y: Tensor }): { last: Tensor; pair: [Tensor, Tensor] } {
    const values = [x, y];
    for (const step of this.program) values.push(this.#apply(step, values));
    return {
      last: values[values.length - 1],
      pair: [values[2] ?? x, torch.stack(values.slice(-3)).sum([0])],
    };
  }

  #apply({ op, a: i, b: j }: ProgramStep, values: Tensor[]): Tensor {
    const a = values[i % values.length];
    const b = values[j % values.length];
    switch (op) {
      case 0:
        return a.add(b);
      case 1:
        return a.mul(b).sub(0.25);
      case 2:
        return torch.tanh(a);
      case 3:
        return this.linear.call(a);
      case 4:
        return this.norm.call(a);
      case 5:
        return torch.softmax(a.transpose(-1, -2), -1).transpose(-1, -2);
      case 6:
        return torch.cat([a.narrow(2, 0, 2), b.narrow(2, 2, WIDTH - 2)], 2);
      case 7:
        return a
          .view([a.size(0), a.size(1), 2, -1])
          .permute([0, 2, 1, 3])
          .reshape([a.size(0), a.size(1), WIDTH]);
      case 8:
        return a.mean([-1], true).expand([-1, -1, WIDTH]);
      case 9: {
        const [left, right] = b.split(2, -1);
        return torch.cat([right, left], -1);
      }
      case 10:
        return torch.matmul(torch.softmax(torch.matmul(a, b.transpose(1, 2)), -1), b);
      default:
        return this.gate.call(a);
    }
  }
}

const SLICES = [undefined, "0", "..., 1", ":, -1", ":, 1:", "0, ::2, 1:3"] as const;

interface PatchChoice {
  node: number;
  kind: number;
  slice: number;
  value: number;
}

function makePatch({ kind, slice, value }: PatchChoice): Patch {
  const options = { slice: SLICES[slice % SLICES.length] };
  switch (kind % 5) {
    case 0:
      return new AddPatch({ value, ...options });
    case 1:
      return new ReplacePatch({ value: torch.tensor([value]), ...options });
    case 2:
      return new ZeroPatch(options);
    case 3:
      return new AddPatch({
        value: torch.tensor(value, { dtype: "float32", requires_grad: true }),
        ...options,
      });
    default:
      return new ProbePatch();
  }
}

/** The slow and obvious meaning of a patch. */
function applyPatch(patch: Patch, current: Tensor, probes: Map<Patch, Tensor>): Tensor {
  if (patch instanceof ProbePatch) {
    probes.set(patch, current.detach().clone());
    return current;
  }
  const changed = current.clone();
  const slice = patch.slice ?? "...";
  if (patch instanceof ZeroPatch) changed.setAt(slice, 0);
  if (patch instanceof ReplacePatch) changed.setAt(slice, patch.value as Tensor);
  if (patch instanceof AddPatch) changed.setAt(slice, changed.at(slice).add(patch.value as Tensor));
  return changed;
}

/** Runs every node of a graph in order, keeping every value; patches are applied right after their node. */
function interpret(graph: CapturedGraph, inputs: Tensor[], patches: Map<number, Patch[]>) {
  const probes = new Map<Patch, Tensor>();
  const values: unknown[] = [];
  const set = (index: number, value: unknown) => {
    values[index] = (patches.get(index) ?? []).reduce(
      (now, patch) => applyPatch(patch, now as Tensor, probes),
      value,
    );
  };
  graph.spec.inputs.forEach((index, i) => {
    set(index, inputs[i]);
  });
  for (const { value, tensor } of graph.spec.constants) set(value, tensor);
  const read = (argument: ArgumentSpec | null): unknown => {
    if (argument === null) return undefined;
    if ("ref" in argument) return values[argument.ref];
    if ("list" in argument) return argument.list.map((item) => read(item));
    return argument.constant;
  };
  for (const node of graph.spec.nodes) {
    const args = node.args.map(read);
    if (node.type === "alias") set(node.results[0], args[0]);
    else if (node.type === "number") set(node.results[0], (args[0] as Tensor).shape[args[1] as number]);
    else if (node.type === "operator") {
      const result = callResolved(node.operator, node.overload, args);
      const results = Array.isArray(result) ? result : [result];
      node.results.forEach((index, i) => {
        set(index, results[i]);
      });
    }
  }
  const output = unflatten(
    graph.output.structure,
    graph.output.values.map((index) => values[index]),
  );
  return { output: output as { last: Tensor; pair: [Tensor, Tensor] }, probes };
}

const program = fc.array(fc.record({ op: fc.nat(11), a: fc.nat(30), b: fc.nat(30) }), {
  minLength: 1,
  maxLength: 12,
});
const patchChoices = fc.array(
  fc.record({
    node: fc.nat(500),
    kind: fc.nat(4),
    slice: fc.nat(SLICES.length - 1),
    value: fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround),
  }),
  { maxLength: 5 },
);

function leaves({ last, pair }: { last: Tensor; pair: [Tensor, Tensor] }): Tensor[] {
  return [last, ...pair];
}

describe("the engine against a slow interpreter", () => {
  it("gives the same values bit for bit, patched or not, and the same gradients", async () => {
    await fc.assert(
      fc.asyncProperty(
        program,
        patchChoices,
        fc.nat(1000),
        fc.boolean(),
        async (steps, choices, seed, sameShape) => {
          torch.manual_seed(seed);
          const model = new RandomModule(steps);
          const example = { x: torch.randn([2, 3, WIDTH]), y: torch.randn([2, 3, WIDTH]) };
          const reference = capture(model, [example]);
          const pg = await PatchableGraph.capture(model, example);
          const shape = sameShape ? [2, 3, WIDTH] : [1, 5, WIDTH];
          const inputs = { x: torch.randn(shape), y: torch.randn(shape) };

          const eager = torch.noGrad(() => model.call(inputs));
          const plain = await pg.run(inputs);
          leaves(plain).forEach((value, i) => {
            expect(torch.equal(value, leaves(eager)[i])).toBe(true);
          });

          const nodes = [...pg.nodes.values()].filter(
            ({ dtype, shape: recorded }) => dtype === "float32" && recorded?.join() === `2,3,${WIDTH}`,
          );
          const byName: Record<string, Patch[]> = {};
          for (const choice of choices) {
            const { name } = nodes[choice.node % nodes.length];
            byName[name] = [...(byName[name] ?? []), makePatch(choice)];
          }
          const byValue = new Map(
            Object.entries(byName).map(([name, patches]) => [reference.index.resolve(name).value, patches]),
          );
          const expected = interpret(reference, [inputs.x, inputs.y], byValue);
          const actual = await pg.patch(byName, () => pg.run(inputs));
          leaves(actual).forEach((value, i) => {
            expect(torch.equal(value, leaves(expected.output)[i])).toBe(true);
          });
          for (const patch of Object.values(byName).flat()) {
            expect(patch.fired).toBe(true);
            if (patch instanceof ProbePatch) {
              const seen = expected.probes.get(patch);
              expect(seen && torch.equal(patch.activation, seen)).toBe(true);
            }
          }

          const trained = Object.values(byName)
            .flat()
            .flatMap((patch) =>
              patch instanceof AddPatch && typeof patch.value === "object" ? [patch.value] : [],
            );
          if (trained.length === 0) return;
          const gradients = async (output: { last: Tensor; pair: [Tensor, Tensor] }) => {
            for (const value of trained) value.grad = null;
            const loss = leaves(output).reduce(
              (sum, value) => sum.add(value.mul(value).sum()),
              torch.tensor(0.0, { dtype: "float32" }),
            );
            if (loss.requires_grad) await loss.backward();
            return trained.map((value) => value.grad?.clone() ?? torch.zeros([]));
          };
          const wanted = await gradients(expected.output);
          const got = await gradients(actual);
          got.forEach((gradient, i) => {
            expect(torch.allclose(gradient, wanted[i], 1e-4, 1e-5)).toBe(true);
          });
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});
