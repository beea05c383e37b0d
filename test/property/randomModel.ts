import fc from "fast-check";
import { sym } from "../../native/lib/graph";
import { Embedding, LayerNorm, Linear, Module } from "../../native/lib/nn";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";

export const WIDTH = 4;

/** One step of a random program: an operation on two earlier values. */
export interface ProgramStep {
  op: number;
  a: number;
  b: number;
}

class Gate extends Module {
  forward(input: Tensor): Tensor {
    return torch.relu(input).add(0.5);
  }
}

/** Called twice by its users, and returns a tuple with a dictionary in it. */
class Pair extends Module {
  readonly gate = new Gate();

  forward(left: Tensor, right: Tensor): [Tensor, { scaled: Tensor }] {
    const once = this.gate.call(left);
    return [this.gate.call(once.mul(right)), { scaled: once.mul(0.25) }];
  }
}

/** Lower-triangular mask from the sequence's length alone: [seq, seq] bool. */
class Mask extends Module {
  forward(values: Tensor): Tensor {
    const positions = torch.arange(values.size(1));
    return positions.unsqueeze(0).le(positions.unsqueeze(1));
  }
}

export interface RandomInputs {
  x: Tensor;
  y: Tensor;
  ids: Tensor;
}

export interface RandomOutput {
  last: Tensor;
  pair: [Tensor, Tensor];
}

/** A module whose forward is a random program over values of shape [batch, seq, WIDTH], with integers and masks on the way. */
export class RandomModule extends Module {
  readonly linear = new Linear(WIDTH, WIDTH);
  readonly norm = new LayerNorm(WIDTH);
  readonly embedding = new Embedding(7, WIDTH);
  readonly gate = new Gate();
  readonly pair = new Pair();
  readonly mask = new Mask();

  constructor(readonly program: readonly ProgramStep[]) {
    super();
  }

  forward({ x, y, ids }: RandomInputs): RandomOutput {
    const values = [x, y, this.embedding.call(ids)];
    for (const step of this.program) values.push(this.#apply(step, values));
    return {
      last: values[values.length - 1],
      pair: [values[3] ?? x, torch.stack(values.slice(-3)).sum([0])],
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
      case 10: {
        const scores = torch.matmul(a, b.transpose(1, 2)).masked_fill(this.mask.call(a).logical_not(), -1e4);
        return torch.matmul(torch.softmax(scores, -1), b);
      }
      case 11:
        return torch.where(a.gt(b), a, b.neg());
      case 12:
        return this.embedding.call(a.argmax(-1));
      case 13: {
        const half = sym.floordiv(a.size(1), 2);
        const front = a.narrow(1, 0, half);
        return torch.cat([front, a.narrow(1, half, sym.sub(a.size(1), half))], 1);
      }
      case 14: {
        const [first, { scaled }] = this.pair.call(a, b);
        return first.sub(scaled);
      }
      default:
        return this.gate.call(a);
    }
  }
}

/** Programs of up to twelve steps. */
export const programs = fc.array(fc.record({ op: fc.nat(15), a: fc.nat(30), b: fc.nat(30) }), {
  minLength: 1,
  maxLength: 12,
});

/** Random inputs of a shape. */
export function randomInputs(batch: number, seq: number): RandomInputs {
  return {
    x: torch.randn([batch, seq, WIDTH]),
    y: torch.randn([batch, seq, WIDTH]),
    ids: torch.randint(0, 7, [batch, seq]),
  };
}

/** The tensors of an output, in order. */
export function leavesOf({ last, pair }: RandomOutput): Tensor[] {
  return [last, ...pair];
}
