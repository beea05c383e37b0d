import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { ScratchFolder } from "../../../../test/support/files";
import { LayerNorm, Linear, Module } from "../../nn";
import { AddPatch, type Patch, ProbePatch, ReplacePatch, ZeroPatch } from "../../patches";
import type { Tensor } from "../../tensor";
import { torch } from "../../torch";
import { alignmentOf } from "../../weights/alignment";
import { PatchableGraph } from "../patchableGraph";
import { sym } from "../symInt";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
const path = join(scratch.path, "graph.safetensors");

const WIDTH = 6;

/** Weights of [WIDTH, WIDTH] as models have them: whole, transposed, with gaps, off the beat, repeated. */
const WEIGHTS: ((shift: number) => Tensor)[] = [
  () => torch.randn([WIDTH, WIDTH]),
  () => torch.randn([WIDTH, WIDTH]).t(),
  () => torch.randn([WIDTH, 3 * WIDTH]).narrow(1, WIDTH, WIDTH),
  (shift) =>
    torch
      .randn([WIDTH * WIDTH + shift])
      .narrow(0, shift, WIDTH * WIDTH)
      .view([WIDTH, WIDTH]),
  () => torch.randn([1, WIDTH]).expand([WIDTH, WIDTH]),
  () => torch.randn([2 * WIDTH, WIDTH]).at("::2"),
];

interface Step {
  op: number;
  a: number;
  b: number;
}

class Scale extends Module {
  forward(input: Tensor, by: number): Tensor {
    return torch.mul(input, by);
  }
}

/** A module whose forward is a random program, with every kind of argument that operators take. */
class RandomModule extends Module {
  readonly linear = new Linear(WIDTH, WIDTH);
  readonly norm = new LayerNorm(WIDTH);
  readonly scale = new Scale();
  readonly weights: Tensor[];

  constructor(
    readonly program: Step[],
    weights: number[],
  ) {
    super();
    this.weights = weights.map((kind, shift) => WEIGHTS[kind](shift));
    this.weights.forEach((tensor, i) => {
      this.registerParameter(`weight_${i}`, tensor);
    });
  }

  forward(x: Tensor): { last: Tensor; all: [Tensor, { sum: Tensor }]; steps: number } {
    const values = [x];
    for (const step of this.program) values.push(this.#apply(step, values));
    const last = values[values.length - 1];
    const first = values.map((value) => value.at("..., 0"));
    return {
      last,
      all: [values[1], { sum: torch.stack(first).sum(0) }],
      steps: this.program.length,
    };
  }

  #apply({ op, a: i, b: j }: Step, values: Tensor[]): Tensor {
    const a = values[i % values.length];
    const b = values[j % values.length];
    const weight = this.weights[j % this.weights.length];
    switch (op) {
      case 0:
        return torch.add(a, b, { alpha: 0.1 * j });
      case 1:
        return torch.linear(a, weight);
      case 2:
        return torch.matmul(a, weight.t());
      case 3:
        return this.linear.call(a);
      case 4:
        return this.norm.call(a);
      case 5:
        return this.scale.call(a, [-0, 0.1, 1e-300, 2 ** -1074, -1e300][j % 5]).nan_to_num(0, 1, -1);
      case 6:
        return torch.gelu(a, { approximate: j % 2 === 0 ? "tanh" : "none" });
      case 7:
        return torch.softmax(a, -1, j % 2 === 0 ? "float32" : null);
      case 8:
        return a.to("float64").to("float32", { copy: j % 2 === 0 });
      case 9:
        return torch
          .masked_fill(a, a.gt(0), [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN][j % 3])
          .nan_to_num();
      case 10:
        return torch.cat([a.narrow(2, 0, 2), b.narrow(2, 2, WIDTH - 2)], 2);
      case 11: {
        const [left, right] = b.split([2, WIDTH - 2], -1);
        return torch.cat([right, left], -1);
      }
      case 12:
        return a.view([a.size(0), sym.mul(a.size(1), 2), -1]).reshape([a.size(0), a.size(1), WIDTH]);
      case 13:
        return a
          .std(-1, { correction: j % 2, keepdim: true })
          .expand([-1, -1, WIDTH])
          .contiguous();
      case 14:
        return torch
          .arange(sym.add(a.size(1), 0))
          .to("float32")
          .unsqueeze(-1)
          .add(a);
      default:
        return torch.einsum("bti,ij->btj", [a, weight]).clamp(null, j);
    }
  }
}

interface Choice {
  node: number;
  kind: number;
  value: number;
}

function makePatch({ kind, value }: Choice): Patch {
  const slice = kind % 2 === 0 ? undefined : "0, ..., 1:";
  if (kind < 2) return new AddPatch({ value, slice });
  if (kind < 4) return new ReplacePatch({ value: torch.tensor([value], { dtype: "float32" }), slice });
  return kind < 6 ? new ZeroPatch({ slice }) : new ProbePatch();
}

const cases = fc.record({
  program: fc.array(fc.record({ op: fc.nat(15), a: fc.nat(30), b: fc.nat(30) }), {
    minLength: 1,
    maxLength: 12,
  }),
  weights: fc.array(fc.nat(WEIGHTS.length - 1), { minLength: 1, maxLength: 4 }),
  choices: fc.array(
    fc.record({ node: fc.nat(500), kind: fc.nat(6), value: fc.float({ min: -2, max: 2, noNaN: true }) }),
    {
      maxLength: 4,
    },
  ),
  seed: fc.nat(1000),
  batch: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 1, max: 4 }),
});

/** The results of a run with patches: its outputs, what probes saw, and gradients of the weights. */
async function results(
  pg: PatchableGraph<RandomModule>,
  x: Tensor,
  choices: Choice[],
): Promise<(Tensor | null)[]> {
  const nodes = [...pg.nodes.values()].filter(
    ({ dtype, shape }) => dtype === "float32" && shape?.length === 3,
  );
  const patches: Record<string, Patch[]> = {};
  for (const choice of choices) {
    const { name } = nodes[choice.node % nodes.length];
    patches[name] = [...(patches[name] ?? []), makePatch(choice)];
  }
  const weights = [...pg.stateDict().values()].filter(({ dtype }) => dtype === "float32");
  for (const weight of weights) {
    weight.grad = null;
    weight.requires_grad = true;
  }
  const { last, all, steps } = await pg.patch(patches, () => pg.run(x));
  expect(steps).toBeGreaterThan(0);
  const loss = last.sum().add(all[1].sum.sum());
  if (loss.requires_grad) await loss.backward();
  const probed = Object.values(patches)
    .flat()
    .flatMap((patch) => (patch instanceof ProbePatch ? [patch.activation] : []));
  return [last, ...[all[0], all[1].sum], ...probed, ...weights.map(({ grad }) => grad)];
}

describe("saving and loading", () => {
  it("changes no bit of any result, patched or not, nor of any gradient", async () => {
    // Some nodes are not needed, and their patches say so.
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    await fc.assert(
      fc.asyncProperty(cases, async ({ program, weights, choices, seed, batch, tokens }) => {
        torch.manual_seed(seed);
        const model = new RandomModule(program, weights);
        const pg = await PatchableGraph.capture(model, torch.randn([2, 3, WIDTH]));
        await pg.save(path);
        const loaded = await PatchableGraph.load<RandomModule>(path);
        expect([...loaded.nodes]).toEqual([...pg.nodes]);
        const saved = pg.stateDict();
        for (const [name, tensor] of loaded.stateDict()) {
          expect(tensor.stride()).toEqual(saved.get(name)?.stride());
          expect(alignmentOf(tensor)).toBe(saved.get(name) && alignmentOf(saved.get(name) as Tensor));
        }
        const x = torch.randn([batch, tokens, WIDTH]);
        for (const list of [[], choices]) {
          const expected = await results(pg, x, list);
          const actual = await results(loaded, x, list);
          expect(actual.length).toBe(expected.length);
          actual.forEach((tensor, i) => {
            const wanted = expected[i];
            expect(tensor === null ? wanted === null : wanted !== null && same(tensor, wanted)).toBe(true);
          });
        }
      }),
      { numRuns: 60 },
    );
    warn.mockRestore();
  }, 120_000);
});

/** Equal bit for bit, where not a number too. */
function same(a: Tensor, b: Tensor): boolean {
  return Buffer.compare(Buffer.from(a.data().buffer), Buffer.from(b.data().buffer)) === 0;
}
