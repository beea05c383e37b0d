import type { Binding } from "../../native/lib/binding";
import type { ArgumentSpec, GraphSpec, NodeSpec } from "../../native/lib/graph/spec";
import type { Tensor } from "../../native/lib/tensor/tensor";

/** One overload on tensors of one dtype. */
export interface OperatorUse {
  operator: string;
  overload: string;
  dtype: string;
}

/**
 * The dtype that says what an operator was tried with: of its first tensor, apart from where()'s condition; of its result when
 * it takes no tensor. Null when there is none.
 * @param args in schema order
 */
export function decidingDType(
  addon: Binding,
  operator: string,
  args: readonly unknown[],
  result: unknown,
): string | null {
  const tensor = firstTensor(addon, operator === "aten::where" ? args.slice(1) : args);
  const decides = tensor ?? firstTensor(addon, args) ?? firstTensor(addon, [result]);
  return decides && addon.dtype(decides);
}

function firstTensor(addon: Binding, values: readonly unknown[]): Tensor | null {
  for (const value of values) {
    if (addon.isTensor(value)) return value;
    const nested = Array.isArray(value) ? firstTensor(addon, value) : null;
    if (nested) return nested;
  }
  return null;
}

const NUMBERS: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  floordiv: (a, b) => Math.floor(a / b),
  mod: (a, b) => a - Math.floor(a / b) * b,
  neg: (a) => -a,
  min: Math.min,
  max: Math.max,
};

/**
 * What each operator of a graph is used with. The description does not say it, so the graph is gone through once on
 * tensors that have a shape and a dtype but no values.
 */
export class GraphUses {
  /** What was found for inputs of some shapes: a graph has many plans. */
  readonly #known = new Map<string, Map<string, OperatorUse>>();
  readonly #nodes: readonly NodeSpec[];
  readonly #inputs: readonly number[];
  readonly #constants: readonly { value: number; shape: number[]; dtype: string }[];

  /** Keeps no tensor of the description alive. */
  constructor(
    readonly addon: Binding,
    spec: GraphSpec,
  ) {
    this.#nodes = [...spec.nodes];
    this.#inputs = [...spec.inputs];
    this.#constants = spec.constants.map(({ value, tensor }) => ({
      value,
      shape: addon.shape(tensor),
      dtype: addon.dtype(tensor),
    }));
  }

  /** By node name. What follows an operator that needs values (nonzero, …) is not known and left out. */
  of(inputs: readonly unknown[]): Map<string, OperatorUse> {
    const { addon } = this;
    const key = inputs
      .map((input) => (addon.isTensor(input) ? `${addon.dtype(input)}${addon.shape(input)}` : input))
      .join(";");
    let uses = this.#known.get(key);
    if (!uses) {
      uses = this.#find(inputs);
      this.#known.set(key, uses);
    }
    return uses;
  }

  #find(inputs: readonly unknown[]): Map<string, OperatorUse> {
    const { addon } = this;
    const values: unknown[] = [];
    const made: Tensor[] = [];
    const place = (index: number, shape: number[], dtype: string) => {
      const empty = addon.call("empty", [shape], { dtype, device: "meta" }, false) as Tensor;
      made.push(empty);
      values[index] = empty;
    };
    const uses = new Map<string, OperatorUse>();
    this.#inputs.forEach((index, i) => {
      const input = inputs[i];
      if (addon.isTensor(input)) place(index, addon.shape(input), addon.dtype(input));
    });
    for (const { value, shape, dtype } of this.#constants) place(value, shape, dtype);
    for (const node of this.#nodes) {
      const args = node.args.map((argument) => read(argument, values));
      const results = this.#evaluate(node, args);
      node.results.forEach((index, i) => {
        values[index] = results[i];
      });
      if (node.type !== "operator") continue;
      made.push(...results.filter((result) => addon.isTensor(result)));
      const dtype = decidingDType(addon, node.operator, args, results);
      if (dtype !== null) uses.set(node.name, { operator: node.operator, overload: node.overload, dtype });
    }
    for (const tensor of made) addon.dispose(tensor);
    return uses;
  }

  #evaluate({ type, operator, overload }: NodeSpec, args: unknown[]): unknown[] {
    const [first, second] = args;
    switch (type) {
      case "alias":
        return [first];
      case "number":
        if (operator in NUMBERS) return [NUMBERS[operator](Number(first), Number(second))];
        if (operator !== "size") return [];
        return this.addon.isTensor(first) ? [this.addon.sizeAt(first, Number(second))] : [];
      case "operator":
        try {
          const result = this.addon.callResolved(operator, overload, args, false);
          return Array.isArray(result) ? result : [result];
        } catch {
          return [];
        }
      default:
        return [];
    }
  }
}

function read(argument: ArgumentSpec | null, values: readonly unknown[]): unknown {
  if (argument === null) return undefined;
  if ("ref" in argument) return values[argument.ref];
  return "list" in argument ? argument.list.map((item) => read(item, values)) : argument.constant;
}
