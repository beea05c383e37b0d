import type { NodeSpec } from "../graph/spec";

/** The values that argument `i` refers to; none for a constant. */
export function references(node: NodeSpec, i: number): number[] {
  const argument = node.args[i];
  if (!argument || "constant" in argument) return [];
  if ("ref" in argument) return [argument.ref];
  return argument.list.flatMap((item) => ("ref" in item ? [item.ref] : []));
}

/** The one value that argument `i` is; null for anything else. */
export function reference(node: NodeSpec, i: number): number | null {
  const argument = node.args[i];
  return argument && "ref" in argument ? argument.ref : null;
}

/** Dimensions that argument `i` names, counted from the front; null when it names none, or they are not constants. */
export function dimensions(node: NodeSpec, i: number, rank: number): number[] | null {
  const argument = node.args[i];
  if (!argument || !("constant" in argument)) return null;
  const given = argument.constant;
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0 || !list.every((dim) => Number.isInteger(dim))) return null;
  return list.map((dim: number) => (dim < 0 ? dim + rank : dim));
}

/** A size in a list of sizes. */
export type SizeItem = { value: number } | { size: number } | null;

/** Sizes that argument `i` lists: values of the graph, or constants; null for what is neither. */
export function sizes(node: NodeSpec, i: number): SizeItem[] | null {
  const argument = node.args[i];
  if (!argument) return null;
  if ("list" in argument) {
    return argument.list.map((item) => ("ref" in item ? { value: item.ref } : constantSize(item.constant)));
  }
  if (!("constant" in argument) || !Array.isArray(argument.constant)) return null;
  return argument.constant.map(constantSize);
}

function constantSize(value: unknown): SizeItem {
  return typeof value === "number" ? { size: value } : null;
}
