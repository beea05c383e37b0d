import {
  type ArgumentSpec,
  type AutocastDtype,
  type NodeSpec,
  type NodeType,
  refsOf,
} from "../../graph/spec";
import type { ModuleCall } from "../../graph/trace";
import type { SymbolicNumber, TensorMeta } from "../archive/schema";

/** A node between the archive and the finished graph: everything but its name, and values before aliases. */
export interface IrNode {
  type: NodeType;
  /** As in NodeSpec. */
  operator: string;
  overload: string;
  args: (ArgumentSpec | null)[];
  results: IrResult[];
  /** The module call it stands in. */
  call: ModuleCall;
  frames: readonly Frame[];
  /** As in NodeSpec. */
  when: NodeSpec["when"];
  /** Name inside its module, before numbering. */
  local: string;
  /** What the graph shows as its operator. */
  shown: string;
  /** Made by the importer, not written in the model: named after all others. */
  isAdded: boolean;
  /** Aliases without a name: what they are of. Their arguments follow from it. */
  seen?: SeenAlias;
  /** As in NodeSpec. */
  unless?: NodeSpec["unless"];
  /** As in NodeSpec. */
  autocast?: AutocastDtype;
  /** Guards: what the number must be, and what to say if it is not. */
  expected?: number;
  message?: string;
}

/** A value as a call sees it: under the names it has on its way there. */
export interface SeenValue {
  ref: number;
  from: ModuleCall;
  /** By those of the names only that others have given it. */
  isUnnamed?: boolean;
}

export interface SeenAlias {
  content: SeenValue;
  /** What the alias is of where a patch stands at what is watched. */
  other: SeenValue;
  watched: readonly Watch[];
}

/** As in NodeSpec: one value, or two ways of the same. */
export type Watch = [SeenValue] | [SeenValue, SeenValue];

export interface IrResult {
  value: number;
  /** What stands after the `|`; "" for the only result, null for one that has no name (the operator gives none). */
  part: string | null;
  /** Null for a number. */
  meta: TensorMeta | null;
}

/** One line of the Python stack that made a node, outermost first. */
export interface Frame {
  file: string;
  line: number;
  function: string;
  code: string;
}

/** A number's value in the exported example; null where export did not know it. */
export function hintOf(number: SymbolicNumber): number | null {
  if (typeof number === "number") return number;
  return number.hint === null ? null : Number(number.hint);
}

/** Sizes or strides in the exported example; null where one of them was not known. */
export function hintsOf(numbers: readonly SymbolicNumber[]): number[] | null {
  const hints = numbers.map(hintOf);
  return hints.every((hint) => hint !== null) ? hints : null;
}

/** Values that a node receives, those in lists too. */
export function usesOf({ args }: IrNode): number[] {
  return args.flatMap(refsOf);
}
