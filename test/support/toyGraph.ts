import { PatchableGraph } from "../../native/lib/graph";
import { sym } from "../../native/lib/graph/symInt";
import { Linear, Module, ModuleList } from "../../native/lib/nn";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";

export class Act extends Module {
  forward(input: Tensor): Tensor {
    return torch.tanh(input.mul(2));
  }
}

class Block extends Module {
  readonly proj = new Linear(4, 4);
  readonly act: Act;

  constructor(act: Act) {
    super();
    this.act = act;
  }

  forward(hidden_states: Tensor): [Tensor, { mean: Tensor }] {
    const inner = this.act.call(this.act.call(this.proj.call(hidden_states)));
    return [hidden_states.add(inner), { mean: inner.mean() }];
  }
}

/** Two blocks that return tuples, a module called twice, an input that may be left out, a size that is computed. */
class Model extends Module {
  readonly h = new ModuleList([new Block(new Act()), new Block(new Act())]);

  forward({ x, scale }: { x: Tensor; scale?: Tensor | null }): { logits: Tensor; mean: Tensor } {
    let hidden = scale ? x.mul(scale) : x;
    let mean = torch.zeros([]);
    for (const block of this.h) {
      const [next, extra] = block.call(hidden);
      hidden = next;
      mean = extra.mean;
    }
    const half = sym.floordiv(hidden.size(1), 2);
    return { logits: hidden.narrow(1, 0, half), mean };
  }
}

/** A toy model, inputs for it, and its graph. */
export async function setUp() {
  torch.manual_seed(3);
  const model = new Model();
  const inputs = { x: torch.randn([2, 4, 4]) };
  return { model, inputs, pg: await PatchableGraph.capture(model, inputs) };
}
