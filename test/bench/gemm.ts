import { nn, PatchableGraph, type Tensor, torch } from "@graphpatch/native";

const SIZE = 2048;
const ROUNDS = 6;

class Product extends nn.Module {
  readonly linear = new nn.Linear(SIZE, SIZE);
  forward(x: Tensor): Tensor {
    return this.linear.call(x);
  }
}

/** Floating-point operations a millisecond of a large product: by `torch.mm`, and by oneDNN with a packed weight, as after `optimize()`. */
export async function gemmSpeeds(): Promise<{ mm: number; packed: number }> {
  const x = torch.randn([SIZE, SIZE]);
  const product = await PatchableGraph.capture(new Product(), x);
  await product.optimize();
  const best = async (work: () => unknown) => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ROUNDS; i++) {
      const start = performance.now();
      await work();
      least = Math.min(least, performance.now() - start);
    }
    return (2 * SIZE ** 3) / least;
  };
  return { mm: await best(() => torch.mm(x, x)), packed: await best(() => product.run(x)) };
}
