import { expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { Embedding, LayerNorm, Linear, Module } from "../../native/lib/nn";
import {
  AddPatch,
  CustomPatch,
  MeanPatch,
  type Patch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../../native/lib/patches";
import type { SweepOptions } from "../../native/lib/sweep";
import { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { used } from "./support";

/** A model of x [texts, positions, width] from a function; what it uses of these is up to it. */
class Body extends Module {
  readonly linear: Linear;
  readonly other: Linear;
  readonly norm: LayerNorm;
  readonly embedding: Embedding;
  readonly table = torch.randn([5, 7]);

  constructor(
    width: number,
    readonly body: (x: Tensor, model: Body) => Tensor,
  ) {
    super();
    this.linear = new Linear(width, width);
    this.other = new Linear(width, width);
    this.norm = new LayerNorm(width);
    this.embedding = new Embedding(11, width);
  }

  forward(x: Tensor): Tensor {
    return this.body(x, this);
  }
}

/** [positions, positions], 0 where a position may look and the lowest number elsewhere; row 0 sees nothing at all. */
function emptyRowMask(x: Tensor): Tensor {
  const length = x.shape[1];
  const rows = Array.from({ length }, (_, i) =>
    Array.from({ length }, (_, j) => (i > 0 && j <= i ? 0 : -3.4028234663852886e38)),
  );
  return torch.tensor(rows, { dtype: "float32" }).to(x.dtype);
}

const heads = (x: Tensor) => x.unflatten(-1, [2, -1]).transpose(1, 2);
const joined = (x: Tensor) => x.transpose(1, 2).flatten(2);
const attend = (x: Tensor, model: Body, options: object) => {
  const hidden = model.linear.call(x);
  const all = torch.scaled_dot_product_attention(
    heads(hidden),
    heads(x),
    heads(model.other.call(x)),
    options,
  );
  return model.norm.call(joined(all)).add(x);
};

/** What operators do to texts, positions and the rest, where a rule may take one for another. */
const BODIES: Record<string, (x: Tensor, model: Body) => Tensor> = {
  "as another's dtype": (x, model) => model.linear.call(x).type_as(model.table).tanh(),
  "where, of a condition alone": (x, model) => {
    const hidden = model.linear.call(x);
    const [texts] = torch.where(hidden.ge(0).logical_or(hidden.lt(0).logical_not()).logical_or(hidden.lt(0)));
    return hidden.add(texts.to(x.dtype).sum().mul(0.1));
  },
  "integers and masks": (x, model) => {
    const ids = x.mean([-1]).mul(7).floor().long().remainder(11);
    const mask = ids.gt(4).unsqueeze(-1);
    return torch.where(mask, model.embedding.call(ids), model.linear.call(x));
  },
  "fused attention, causal": (x, model) => attend(x, model, { is_causal: true }),
  "fused attention, all positions": (x, model) => attend(x, model, {}),
  "fused attention, a row that sees nothing": (x, model) => attend(x, model, { attn_mask: emptyRowMask(x) }),
  "attention, a row that sees nothing": (x, model) => {
    const scores = torch.matmul(model.linear.call(x), x.transpose(1, 2)).add(emptyRowMask(x));
    return torch.matmul(torch.softmax(scores, -1), model.other.call(x)).add(x);
  },
  "scores that are looked at before they are masked": (x, model) => {
    const scores = torch.matmul(model.linear.call(x), x.transpose(1, 2));
    const length = x.shape[1];
    const mask = torch.ones([length, length], { dtype: "bool" }).tril();
    const weights = torch.softmax(scores.masked_fill(mask.logical_not(), -1e38), -1);
    return torch.matmul(weights, x).add(scores.mean([-1], true));
  },
  "over positions": (x, model) => {
    const hidden = model.linear.call(x);
    const turned = hidden.cumsum(1).add(hidden.flip([1]));
    return turned
      .roll([1], [1])
      .add(hidden.mean([1], true))
      .sub(hidden.amax(1, true));
  },
  "over texts": (x, model) => {
    const hidden = model.linear.call(x);
    return hidden.sub(hidden.mean([0], true)).add(hidden.roll([1], [0]));
  },
  "parts of positions": (x, model) => {
    const hidden = model.linear.call(x);
    const front = hidden.slice(1, 0, 1);
    return torch.cat([hidden.slice(1, 1), front.tanh()], 1).add(hidden.at(":, -1:"));
  },
  "positions as channels": (x, model) => {
    const hidden = model.linear.call(x);
    return torch
      .conv1d(hidden.transpose(1, 2), torch.ones([x.shape[2], x.shape[2], 1]).mul(0.1).to(x.dtype))
      .transpose(1, 2);
  },
  "norms over all but texts": (x, model) =>
    torch.layer_norm(model.linear.call(x), [x.shape[1], x.shape[2]]).tanh(),
  "flattened and back": (x, model) => {
    const flat = model.linear.call(x.flatten(0, 1));
    return model.other.call(flat.tanh()).unflatten(0, [x.shape[0], x.shape[1]]).add(x);
  },
  "positions in front": (x, model) => {
    const front = model.linear.call(x.transpose(0, 1));
    return torch.matmul(front, front.transpose(1, 2)).softmax(-1).sum([-1], true).mul(front).transpose(0, 1);
  },
  "gathered and sorted": (x, model) => {
    const hidden = model.linear.call(x);
    const [sorted, order] = hidden.sort(-1);
    return torch.gather(hidden, -1, order).add(sorted.topk(2, -1)[0].sum([-1], true));
  },
  "weights made of values": (x, model) => {
    const hidden = model.linear.call(x);
    return torch.matmul(x, hidden.transpose(1, 2).matmul(hidden)).tanh();
  },
  "halves that gate each other": (x, model) => {
    const [a, b] = model.linear.call(x).chunk(2, -1);
    return torch
      .cat([a.sigmoid().mul(b), b], -1)
      .expand([-1, -1, -1])
      .contiguous();
  },
};

/** Patches of many kinds on a node that holds `value`. */
function patchesOf(value: Tensor): Patch[] {
  const { shape, dtype } = value;
  const first = value.dim() > 0 && shape[0] > 1 ? { slice: [-1] } : {};
  const second = value.dim() > 1 && shape[1] > 1 ? { slice: [{}, [1, 0]] } : first;
  const stepped = value.dim() > 1 ? { slice: [{}, { start: 0, step: 2 }] } : {};
  if (dtype === "bool")
    return [new ReplacePatch({ value: false }), new ReplacePatch({ value: true, ...second })];
  if (!dtype.startsWith("float") && dtype !== "bfloat16")
    return [new ReplacePatch({ value: 1 }), new ReplacePatch({ value: 0, ...first })];
  return [
    new ReplacePatch({ value: torch.randn(shape, { dtype }) }),
    new AddPatch({ value: 0.75, ...first }),
    new ZeroPatch(second),
    new ScalePatch({ factor: -1.5, ...stepped }),
    ...(value.dim() > 2
      ? [new AddPatch({ value: torch.randn(shape.slice(-1), { dtype }), ...stepped })]
      : []),
    // Does nothing.
    new ScalePatch({ factor: 1 }),
    new CustomPatch({ op: (x: Tensor) => x.sub(x.mean()) }),
    ...(value.dim() === 3 ? [new MeanPatch({ over: "positions" })] : []),
    new ReplacePatch({ value: Number.NaN, ...first }),
    new ReplacePatch({ value: 1e20, ...first }),
    new ReplacePatch({ value: Number.POSITIVE_INFINITY, ...second }),
  ];
}

const DTYPES = { float32: 1e-4, float64: 1e-9, bfloat16: 0.05 } as const;

/** Sizes that are alike are told apart by what is done with them, not by their numbers. */
const SHAPES = [
  [2, 3, 4],
  [1, 4, 4],
  [2, 2, 2],
  [3, 1, 2],
] as const;

test.each(Object.entries(BODIES))("cells at every node of a graph: %s", async (_, body) => {
  for (const [texts, positions, width] of SHAPES) {
    for (const [dtype, tolerance] of Object.entries(DTYPES)) {
      torch.manual_seed(7);
      const model = new Body(width, body);
      const inDtype = (tensor: Tensor) => tensor.to(dtype as keyof typeof DTYPES);
      model.loadStateDict(new Map([...model.stateDict()].map(([name, tensor]) => [name, inDtype(tensor)])));
      const x = inDtype(torch.randn([texts, positions, width]));
      const pg = await PatchableGraph.capture(model, x);
      const nodes = [...pg.nodes.values()].filter(({ shape }) => shape !== null);
      const values = await pg.run(x, { outputs: nodes.map(({ name }) => name) });
      const single = nodes.flatMap(({ name }) => {
        const value = (values as Record<string, unknown>)[name];
        return value instanceof Tensor ? patchesOf(value).map((patch) => ({ [name]: patch })) : [];
      });
      // Some of the same on one node, and on two that may depend on each other; and no patch at all.
      const several = single.map((cell, i) => ({ ...cell, ...single[(i * 7 + 3) % single.length] }));
      const cells = [...single, ...several.filter((_, i) => i % 3 === 0), {}];
      const options: SweepOptions = {
        inputs: x,
        cells,
        outputs: ["output"],
        metric: (outputs) => Object.values(outputs)[0].double().sum([1, 2]),
      };
      const exact = await pg.sweep({ ...options, exact: true });
      const all = await pg.sweep(options);
      if (dtype !== "float32") expect(used(all).onednn).toBe(0);
      const scale = Math.max(1, ...exact.base.map(Math.abs));
      all.samples.forEach((samples, cell) => {
        samples.forEach((value, text) => {
          const wanted = exact.samples[cell][text];
          const largest = Math.max(scale, Math.abs(wanted));
          const same = Object.is(value, wanted) || Math.abs(value - wanted) <= tolerance * largest;
          const names = Object.entries(cells[cell] as Record<string, Patch>).map(
            ([name, patch]) => `${name} ${patch}`,
          );
          expect(
            same,
            `${[texts, positions, width]} ${dtype}: ${names.join(", ")}: ${value}, not ${wanted}`,
          ).toBe(true);
        });
      });
    }
  }
});
