import { Tensor } from "../tensor/tensor";
import { reference } from "./arguments";
import type { SweepJob } from "./setup";

/** Bytes of an element. */
const BYTES: Record<string, number> = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2 };

/** Products of matrices, and the argument whose last dimension is summed over; as the addon counts for cells (sweep_cost.cc). */
const PRODUCTS = new Map([
  ["aten::linear", 0],
  ["aten::addmm", 1],
  ["aten::mm", 0],
  ["aten::bmm", 0],
  ["aten::matmul", 0],
]);

/** Operators whose results mostly share memory with what they are made from. */
const VIEWS = new Set(
  [
    ["view", "reshape", "view_as", "flatten", "unflatten", "transpose", "t", "permute", "movedim"],
    ["expand", "expand_as", "split", "split_with_sizes", "chunk", "unbind", "slice", "narrow", "select"],
    ["squeeze", "unsqueeze", "detach", "alias"],
  ].flatMap((names) => names.map((name) => `aten::${name}`)),
);

/** Captured shapes with the inputs' sizes in the place of the captured ones. */
class CurrentShapes {
  readonly #sizes = new Map<number, number>();
  /** Texts now, where the graph was captured with one: size 1 stands in too many other places to be looked for. */
  #texts = 1;

  constructor({ runner, inputs }: Pick<SweepJob, "runner" | "inputs">) {
    runner.captured.inputs.forEach(({ shape }, i) => {
      const input = inputs[i];
      if (!(input instanceof Tensor)) return;
      if (shape.length > 1) {
        if (shape[0] === 1) this.#texts = Math.max(this.#texts, input.shape[0]);
        // Texts and positions as one dimension.
        else this.#replace(shape[0] * shape[1], input.shape[0] * input.shape[1]);
      }
      for (const [dim, size] of shape.entries()) this.#replace(size, input.shape[dim]);
    });
  }

  #replace(captured: number, now: number): void {
    if (captured > 1) this.#sizes.set(captured, now);
  }

  size(captured: number): number {
    return this.#sizes.get(captured) ?? captured;
  }

  /** Elements of a value that depends on the inputs. */
  elements(shape: readonly number[]): number {
    return shape.reduce((product, size) => product * this.size(size), this.#texts);
  }
}

/** Bytes of what a base run has to keep for a cell: all that depends on what it patches. */
export class KeptBytes {
  readonly #shapes: CurrentShapes;
  /** By the patched values: many cells patch the same. */
  readonly #known = new Map<string, number>();

  constructor(private readonly job: SweepJob) {
    this.#shapes = new CurrentShapes(job);
  }

  of(cell: number): number {
    const patched = [...this.job.cells[cell].patches.keys()].sort((a, b) => a - b);
    const key = patched.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const bytes = this.#count(patched);
    this.#known.set(key, bytes);
    return bytes;
  }

  #count(patched: readonly number[]): number {
    const { flow } = this.job;
    const differs = new Set(patched);
    let bytes = 0;
    for (const node of flow.nodes) {
      if (!flow.uses(node).some((value) => differs.has(value))) continue;
      for (const value of node.results) {
        differs.add(value);
        const info = flow.info(value);
        if (node.type === "alias" || VIEWS.has(node.operator) || !info?.shape) continue;
        bytes += this.#shapes.elements(info.shape) * (BYTES[info.dtype ?? ""] ?? 1);
      }
    }
    return bytes;
  }
}

/** Floating-point operations of the matrix products of one run: two for each multiplication and addition. */
export function runWork(job: Pick<SweepJob, "flow" | "runner" | "inputs" | "outputs">): number {
  const { flow } = job;
  const shapes = new CurrentShapes(job);
  const needed = flow.upstreamOf(job.outputs);
  let work = 0;
  for (const node of flow.nodes) {
    const [result] = node.results;
    const shape = flow.info(result)?.shape;
    if (!shape || !needed.has(result)) continue;
    const summed = PRODUCTS.get(node.operator);
    const operand = node.operator === "aten::scaled_dot_product_attention" ? 1 : summed;
    const value = operand === undefined ? null : reference(node, operand);
    const sizes = value === null ? null : flow.info(value)?.shape;
    if (!sizes) continue;
    // Of fused attention both products, over the positions of its keys.
    const [times, over] = summed === undefined ? [4, sizes.at(-2)] : [2, sizes.at(-1)];
    work += times * shapes.elements(shape) * shapes.size(over ?? 1);
  }
  return work;
}
