import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import type { SourceLocation } from "./sourceLine";
import type { NodeSpec } from "./spec";
import type { Structure } from "./structure";

/** What a node stands for. */
export type NodeKind = "operator" | "argument" | "output" | "parameter" | "buffer" | "input" | "number";

/** One call of a module while it was traced. */
export interface ModuleCall {
  module: Module;
  /** Dotted path in PyTorch's spelling (`transformer.h.17`); "" for the root. */
  path: string;
  parent: ModuleCall | null;
  children: ModuleCall[];
  /** Names that operators inside must not take: arguments, parameters, children. */
  reserved: Set<string>;
}

/** One node as it was recorded; names are given when the whole trace is known. */
export interface TracedNode {
  kind: NodeKind;
  call: ModuleCall;
  /** Name inside the module, before numbering (`mul`, `weight`, `output`). */
  local: string;
  /** Parameters of a module that was not called: their full dotted path, taken as it is. */
  absolute: string | null;
  /** Part of a tuple or dictionary: what stands after the `|`; "" for the whole. */
  part: string;
  value: number;
  shape: number[] | null;
  dtype: string | null;
  /** Only of values that do not lie in row-major order. */
  strides?: number[];
  operator: string;
  location: SourceLocation | null;
  /** What the addon runs; null for inputs. Shared by the parts of an operator with several results. */
  spec: NodeSpec | null;
}

/** A finished trace: what the names and the graph are made from. */
export interface Trace {
  root: ModuleCall;
  nodes: TracedNode[];
  /** All nodes for the addon, in order; among them some without a name (guards). */
  specs: NodeSpec[];
  valueCount: number;
  /** `name`: in the model's state dictionary; null for a tensor that belongs to no module. */
  constants: { value: number; tensor: Tensor; name: string | null }[];
  /** Values that the caller of a run gives, and how they are nested. */
  inputs: number[];
  inputStructure: Structure;
  output: { structure: Structure; values: number[] };
}
