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

export type NodeType = "operator" | "alias" | "number" | "guard";

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
}

/** A value of the graph, a constant, or a list of both. */
export type ArgumentSpec =
  | { ref: number }
  | { constant: unknown }
  | { list: ({ ref: number } | { constant: unknown })[] };
