/**
 * Messages of the catalog comm: which graphs live in the kernel and what their nodes are.
 *
 * The kernel opens the comm when the first graph is captured; a page that comes later finds it with comm_info and
 * asks for everything again with {@link ResyncRequest}. Either side may open it.
 */

/** Comm target of the catalog. */
export const CATALOG_TARGET = "graphpatch.catalog";

export const NODE_KINDS = [
  "operator",
  "argument",
  "output",
  "parameter",
  "buffer",
  "input",
  "number",
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** One named node of a captured graph. Everything in it may come from an untrusted model: show it as text only. */
export interface CatalogNode {
  /** Full path, e.g. `transformer.h_17.mlp.act.mul_3`. */
  name: string;
  kind: NodeKind;
  /** ATen name (`aten::mul.Tensor`), or what made the value (`parameter`, `input`, …). */
  operator: string;
  /** Shape recorded at capture; null where the value is not a tensor. */
  shape: number[] | null;
  dtype: string | null;
  /** Module path the node stands in; "" for the root. */
  module: string;
  /** Class of that module. */
  moduleType: string;
  /** Source line that made the value, where known. */
  code: string | null;
}

/** A captured graph with all its nodes, in execution order. */
export interface CatalogGraph {
  id: string;
  /** Class of the model. */
  label: string;
  nodes: CatalogNode[];
}

/** kernel → page: everything there is; replaces what the page knew. */
export interface SnapshotMessage {
  type: "snapshot";
  graphs: CatalogGraph[];
}

/** kernel → page: one graph was captured or loaded. */
export interface GraphAddedMessage {
  type: "graph-added";
  graph: CatalogGraph;
}

/** kernel → page: a graph is gone. */
export interface GraphRemovedMessage {
  type: "graph-removed";
  id: string;
}

/** kernel → page: which nodes the last run of a graph patched and probed. */
export interface PatchedMessage {
  type: "patched";
  id: string;
  patched: string[];
  probed: string[];
}

/** page → kernel: send a snapshot. */
export interface ResyncRequest {
  type: "resync";
}

export type CatalogMessage = SnapshotMessage | GraphAddedMessage | GraphRemovedMessage | PatchedMessage;
export type CatalogRequest = ResyncRequest;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isNullableString(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

export function isCatalogNode(value: unknown): value is CatalogNode {
  return (
    isObject(value) &&
    typeof value.name === "string" &&
    (NODE_KINDS as readonly unknown[]).includes(value.kind) &&
    typeof value.operator === "string" &&
    (value.shape === null ||
      (Array.isArray(value.shape) && value.shape.every((size) => Number.isInteger(size)))) &&
    isNullableString(value.dtype) &&
    typeof value.module === "string" &&
    typeof value.moduleType === "string" &&
    isNullableString(value.code)
  );
}

export function isCatalogGraph(value: unknown): value is CatalogGraph {
  return (
    isObject(value) &&
    typeof value.id === "string" &&
    typeof value.label === "string" &&
    Array.isArray(value.nodes) &&
    value.nodes.every(isCatalogNode)
  );
}

/** Whether `value`, as it came over the comm, is a message the page understands. */
export function isCatalogMessage(value: unknown): value is CatalogMessage {
  if (!isObject(value)) return false;
  switch (value.type) {
    case "snapshot":
      return Array.isArray(value.graphs) && value.graphs.every(isCatalogGraph);
    case "graph-added":
      return isCatalogGraph(value.graph);
    case "graph-removed":
      return typeof value.id === "string";
    case "patched":
      return typeof value.id === "string" && isStringArray(value.patched) && isStringArray(value.probed);
    default:
      return false;
  }
}

/** Whether `value`, as it came over the comm, is a request the kernel understands. */
export function isCatalogRequest(value: unknown): value is CatalogRequest {
  return isObject(value) && value.type === "resync";
}
