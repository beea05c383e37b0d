import { binding } from "../binding";
import type { Module } from "../nn/module";
import { Tensor } from "../tensor/tensor";
import type { SourceLocation } from "./sourceLine";
import type { ArgumentSpec, NodeSpec } from "./spec";
import type { SymInt } from "./symInt";
import type { ModuleCall, NodeKind, TracedNode } from "./trace";

/** What a trace follows: a tensor, or a size. */
export type TraceValue = Tensor | SymInt;

/** What is known of a node when it is recorded. */
interface NewNode {
  kind: NodeKind;
  call: ModuleCall<Module>;
  local: string;
  part: string;
  value: number;
  of: TraceValue | null;
  operator: string;
  spec?: NodeSpec;
  location?: SourceLocation | null;
  absolute?: string;
}

/** What a trace has recorded so far: values by number, what computes them, and the nodes that show them. */
export class TraceRecord {
  readonly nodes: TracedNode[] = [];
  readonly specs: NodeSpec[] = [];
  readonly #numberOf = new Map<TraceValue, number>();
  #valueCount = 0;

  /** @param onNode told how many operators and aliases there are, whenever there is one more */
  constructor(private readonly onNode: (count: number) => void) {}

  get valueCount(): number {
    return this.#valueCount;
  }

  /** The number of a value that was computed here; undefined for any other. */
  numberOf(value: TraceValue): number | undefined {
    return this.#numberOf.get(value);
  }

  /** A number for a new value; null for one that JavaScript has no object of. */
  newValue(value: TraceValue | null): number {
    const number = this.#valueCount++;
    if (value) this.#numberOf.set(value, number);
    return number;
  }

  /** A number for a new size, which has to know it. */
  newSize(make: (number: number) => SymInt): [number, SymInt] {
    const number = this.newValue(null);
    const size = make(number);
    this.#numberOf.set(size, number);
    return [number, size];
  }

  addSpec(
    type: NodeSpec["type"],
    operator: string,
    overload: string,
    args: (ArgumentSpec | null)[],
    results: number[],
  ): NodeSpec {
    const spec: NodeSpec = { type, operator, overload, args, results, name: "", code: "" };
    this.specs.push(spec);
    this.onNode(this.specs.length);
    return spec;
  }

  addNode({ of, absolute, location, spec, ...node }: NewNode): void {
    const tensor = of instanceof Tensor ? of : null;
    this.nodes.push({
      ...node,
      absolute: absolute ?? null,
      shape: tensor ? binding.shape(tensor) : null,
      dtype: tensor ? tensor.dtype : null,
      strides: tensor && !binding.isContiguous(tensor) ? binding.strides(tensor) : undefined,
      location: location ?? null,
      code: null,
      spec: spec ?? null,
    });
  }
}
