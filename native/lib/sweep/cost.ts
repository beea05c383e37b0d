import type { NodeSpec } from "../graph/spec";
import { Tensor } from "../tensor/tensor";
import { reference } from "./arguments";
import type { Cone } from "./cone";
import type { SweepJob } from "./setup";

/** Bytes of an element. */
const BYTES: Record<string, number> = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2 };

/** Operators whose floating-point work counts, and where the argument stands whose last dimension is summed over. */
const PRODUCTS: Record<string, number> = {
  "aten::linear": 0,
  "aten::addmm": 1,
  "aten::mm": 0,
  "aten::bmm": 0,
  "aten::matmul": 0,
};

/** Estimates of arithmetic and memory from the captured shapes, with the present inputs' sizes in the place of the captured ones. */
export class CostModel {
  readonly #sizes = new Map<number, number>();

  constructor(private readonly job: SweepJob) {
    job.runner.captured.inputs.forEach(({ shape }, i) => {
      shape.forEach((size, dim) => {
        // Size 1 stands in too many other places.
        const input = job.inputs[i];
        if (size > 1 && input instanceof Tensor) this.#sizes.set(size, input.shape[dim]);
      });
    });
  }

  private elements(value: number): number {
    const shape = this.job.flow.info(value)?.shape ?? [];
    return shape.reduce((product, size) => product * (this.#sizes.get(size) ?? size), 1);
  }

  private size(value: number, dim: number): number {
    const size = this.job.flow.info(value)?.shape?.at(dim) ?? 1;
    return this.#sizes.get(size) ?? size;
  }

  bytes(value: number): number {
    return this.elements(value) * (BYTES[this.job.flow.info(value)?.dtype ?? ""] ?? 1);
  }

  /** Floating-point operations of matrix products: multiplications and additions. */
  work(values: ReadonlySet<number>): number {
    let sum = 0;
    for (const node of this.job.flow.nodes) {
      if (node.results.some((value) => values.has(value))) sum += this.nodeWork(node);
    }
    return sum;
  }

  private nodeWork(node: NodeSpec): number {
    const [result] = node.results;
    if (node.operator === "aten::scaled_dot_product_attention") {
      const key = reference(node, 1);
      return key === null ? 0 : 4 * this.elements(result) * this.size(key, -2);
    }
    const argument = PRODUCTS[node.operator];
    const summed = argument === undefined ? null : reference(node, argument);
    return summed === null ? 0 : 2 * this.elements(result) * this.size(summed, -1);
  }

  /** Bytes of the matrices that would be packed, at most. */
  packedBytes(): number {
    const matrices = this.job.runner.captured.spec.constants
      .map(({ tensor }) => tensor)
      .filter((tensor) => tensor.dtype === "float32" && tensor.dim() === 2);
    return matrices.reduce((sum, tensor) => sum + 4 * tensor.numel(), 0);
  }

  /** The most bytes that values of `cone` take at one time: each is freed after its last use. */
  peak({ computed, starts, frontier }: Cone): number {
    const { flow, outputs } = this.job;
    const lastUse = new Map<number, number>();
    flow.nodes.forEach((node, i) => {
      if (node.results.some((value) => computed.has(value)))
        for (const used of flow.uses(node)) lastUse.set(used, i);
    });
    for (const value of outputs) lastUse.set(value, flow.nodes.length);
    const ends = new Map<number, number[]>();
    for (const [value, i] of lastUse) ends.set(i, [...(ends.get(i) ?? []), value]);
    const live = new Set<number>();
    let bytes = 0;
    const add = (value: number) => {
      if (live.has(value) || flow.producer(value)?.type === "alias") return;
      live.add(value);
      bytes += this.bytes(value);
    };
    for (const value of [...starts, ...frontier]) add(value);
    let most = bytes;
    flow.nodes.forEach((node, i) => {
      for (const value of node.results) if (computed.has(value)) add(value);
      most = Math.max(most, bytes);
      for (const value of ends.get(i) ?? []) if (live.delete(value)) bytes -= this.bytes(value);
    });
    return most;
  }
}
