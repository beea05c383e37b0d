import type { Tensor } from "../tensor/tensor";

/**
 * The description from which the addon builds its Graph. Whatever a graph comes from (a trace, an archive, a saved
 * file) ends in this one form; values are numbered, names are only for messages.
 */
export interface GraphSpec {
  /** Values are 0 … valueCount - 1, each made once: an input, a constant or a node's result. */
  valueCount: number;
  /** Values given by the caller of a run, in order. */
  inputs: number[];
  constants: ConstantSpec[];
  /** In execution order. */
  nodes: NodeSpec[];
}

/** A weight, buffer or other tensor the graph holds. */
export interface ConstantSpec {
  value: number;
  tensor: Tensor;
  /** Its name in the model's state dictionary; one that belongs to no module has its node's. No two are the same. */
  name: string;
}

/**
 * `operator` calls libtorch; `alias` gives its argument a second name; `number` is arithmetic on sizes; `guard` refuses
 * inputs that break an assumption; `merge` takes argument 1 where argument 0 is true, else argument 2; `javascript` calls an
 * operator that is written in TypeScript. `loop`, `while` and `repeat` begin, leave and end a loop, whose nodes stand
 * between them (src/graph/graph.h says what their arguments and results are).
 */
export type NodeType =
  | "operator"
  | "alias"
  | "number"
  | "guard"
  | "merge"
  | "javascript"
  | "loop"
  | "while"
  | "repeat";

/** What `torch.autocast("cpu")` can compute in. */
export const AUTOCAST_DTYPES = ["bfloat16", "float16"] as const;
export type AutocastDtype = (typeof AUTOCAST_DTYPES)[number];

export interface NodeSpec {
  type: NodeType;
  /** `aten::add`, or the number operator's name (`size`, `mul`, …); "" otherwise. */
  operator: string;
  /** `Tensor`, … or "". */
  overload: string;
  /** In the order of the operator's schema; null takes the default. */
  args: (ArgumentSpec | null)[];
  results: number[];
  /** For messages. */
  name: string;
  /** Source line; for a guard what assumed the number. */
  code: string;
  /** Guards: what argument 0 must be. */
  expected?: number;
  /** Guards: what to say instead of naming the number. */
  message?: string;
  /**
   * Aliases: of `other` instead, where a patch has cut the tensor off from the memory it shared. One watched value: where a
   * patch changes it, or what it is an alias of. Two: where a patch changes one of those that only one of both goes through.
   */
  unless?: { other: number; watched: number[][] };
  /** Operators made of others: called inside of `torch.autocast("cpu")` with this dtype. */
  autocast?: AutocastDtype;
  /** The node is run only where this value, a boolean, is as expected: a branch of a condition. */
  when?: { value: number; expected: boolean };
}

/**
 * A value of the graph, a constant, or a list of both. `isFloat`: a number without a fraction that is a float all the
 * same (`x * 2.0` of integers gives floats).
 */
export type ArgumentSpec =
  | { ref: number }
  | { constant: unknown; isFloat?: boolean }
  | { list: ({ ref: number } | { constant: unknown })[] };

/** Values that an argument refers to. */
export function refsOf(argument: ArgumentSpec | null): number[] {
  if (argument === null || "constant" in argument) return [];
  if ("ref" in argument) return [argument.ref];
  return argument.list.flatMap((item) => ("ref" in item ? [item.ref] : []));
}
