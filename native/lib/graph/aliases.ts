import type { Module } from "../nn/module";

/**
 * Names of nodes by another tool's names for them. Of several names the first that the graph has is meant: which of
 * them exist can depend on the dtype.
 */
export type AliasTable = Readonly<Record<string, string | readonly string[]>>;

/** A model that says by which other names its nodes are known. A capture asks it. */
export interface HasNodeAliases {
  nodeAliases(): AliasTable;
}

export function nodeAliasesOf(model: Module): AliasTable {
  const { nodeAliases } = model as Partial<HasNodeAliases>;
  return typeof nodeAliases === "function" ? nodeAliases.call(model) : {};
}
