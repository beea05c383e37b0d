import type { InputConstraints, SymbolRange } from "../inputConstraints";
import type { AutocastDtype } from "../spec";
import type { NodeKind } from "../trace";
import type { EncodedValue } from "./plainValue";

/**
 * A saved graph is a safetensors file. Its tensors are the graph's weights, buffers and other constants under the names
 * of the model's state dictionary, so that any reader of the format finds them; there may be some of padding, too
 * (`placement.ts`). The graph itself is JSON, in the header's metadata under this key.
 */
export const GRAPH_KEY = "graphpatch.graph";

/**
 * Rises with every change that older versions cannot read. A graph is saved in the oldest format that has what it needs:
 * 2 has loops, and aliases that depend on patches; 3 has operators that are called inside of autocast.
 */
export const FORMAT_VERSION = 3;

/** How much a description may hold: many times what the largest models need, and what memory has room for. */
export const EXTENT = { depth: 100, values: 5_000_000 };
/** Longest name of a node or operator. */
export const MAX_NAME = 1000;
/** Path segments of all nodes' names: each becomes a place in the tree. */
export const MAX_SEGMENTS = 2_000_000;
/** Dimensions of a tensor, as in PyTorch's own iterators. */
export const MAX_RANK = 64;

/** The JSON of a graph. Values are numbered as in `GraphSpec`. */
export interface GraphDescription {
  version: number;
  label: string;
  valueCount: number;
  tensors: TensorDescription[];
  /** What a run is given, in order. */
  inputs: { name: string; value: number; shape: number[]; dtype: string }[];
  inputStructure: EncodedStructure;
  output: { structure: EncodedStructure; values: number[] };
  /** Names of the forward's parameters, where inputs can be given by them. */
  parameters?: string[];
  /** As in `CapturedGraph`; the ranges as pairs, whose keys are any text. */
  constraints?: Omit<InputConstraints, "ranges"> & { ranges: [string, SymbolRange][] };
  /** What is run, in order. */
  nodes: EncodedNode[];
  /** What has a name, in order. */
  names: NameDescription[];
}

export interface TensorDescription {
  value: number;
  /** Its own, and that of the tensor in the file that has its values, unless `sameAs` names another. */
  name: string;
  /** Where two share their memory, the one whose values are in the file. */
  sameAs?: string;
  /** Steps between neighbours in memory, where they are not those of row-major order. */
  strides?: number[];
  /** The address of the first element modulo 64, where it is not 0. */
  alignment?: number;
  /** Where it is, if not in the CPU's memory. Older readers put it there. */
  device?: string;
}

export interface EncodedNode {
  type: string;
  operator: string;
  overload: string;
  args: (EncodedArgument | null)[];
  results: number[];
  name: string;
  code: string;
  expected?: number;
  message?: string;
  autocast?: AutocastDtype;
  when?: { value: number; expected: boolean };
  unless?: { other: number; watched: number[][] };
}

export type EncodedArgument =
  | { ref: number }
  | EncodedConstant
  | { list: ({ ref: number } | EncodedConstant)[] };

/** `isFloat` as in `ArgumentSpec`. */
export interface EncodedConstant {
  constant: EncodedValue;
  isFloat?: true;
}

export type EncodedStructure =
  | { leaf: number }
  | { tuple: EncodedStructure[] }
  | { dict: [string, EncodedStructure][] }
  | { plain: EncodedValue };

export interface NameDescription {
  name: string;
  value: number;
  kind: NodeKind;
  operator: string;
  shape: number[] | null;
  /** Of values that do not lie in row-major order. */
  strides?: number[];
  dtype: string | null;
  module: string;
  moduleType: string;
  code: string | null;
}
