/**
 * Messages of the catalog comm: which graphs live in the kernel, what their nodes are, and what runs did to them.
 *
 * The kernel opens the comm when the first graph is captured; a page that comes later finds it with comm_info and
 * asks for everything again with {@link ResyncRequest}. Either side may open it.
 */
import { type GraphTable, isGraphTable } from "./graphTable";
import { isStatistics, type ViewStatistics } from "./view";

/** Comm target of the catalog. */
export const CATALOG_TARGET = "graphpatch.catalog";

/** kernel → page: everything there is; replaces what the page knew. */
export interface SnapshotMessage {
  type: "snapshot";
  graphs: GraphTable[];
}

/** kernel → page: one graph was captured or loaded. */
export interface GraphAddedMessage {
  type: "graph-added";
  graph: GraphTable;
}

/** kernel → page: a graph is gone. */
export interface GraphRemovedMessage {
  type: "graph-removed";
  id: string;
}

/** What one patch did in a run. */
export interface PatchMark {
  /** `AddPatch [0, 3]`. */
  patch: string;
  fired: boolean;
  /** Largest absolute change, as text (it may be NaN); null for a patch that changed nothing it knows of. */
  maxChange: string | null;
}

/** What a run did at one node. */
export interface NodeMark {
  node: string;
  /** Patches that change the value, in order. */
  patches: PatchMark[];
  /** Whether the user's code looked at it. */
  isProbed: boolean;
}

/** kernel → page: what the last run of a graph patched and probed; sent at most some times a second. */
export interface RanMessage {
  type: "ran";
  id: string;
  marks: NodeMark[];
}

/** A probe that the page asked for, and in how many runs it has seen its node. */
export interface LiveProbe {
  node: string;
  runs: number;
}

/** kernel → page: the live probes of a graph, all of them. */
export interface ProbesMessage {
  type: "probes";
  id: string;
  probes: LiveProbe[];
}

/** What is known of the value that a probe saw last. */
export interface NodeValue {
  shape: number[];
  dtype: string;
  statistics: ViewStatistics;
}

/** kernel → page: answer to {@link NodeRequest} `value`. */
export interface ValueMessage {
  type: "value";
  id: string;
  node: string;
  /** Null when no probe has seen it, or what it saw is gone. */
  value: NodeValue | null;
}

/** kernel → page: answer to {@link NodeRequest} `picture`. */
export interface PictureMessage {
  type: "picture";
  id: string;
  node: string;
  /** Of the run after which it was made. */
  runs: number;
  /** MIME bundle; null when there is no value yet. */
  bundle: Record<string, unknown> | null;
}

/** kernel → page: why something that was asked for could not be done. */
export interface RefusedMessage {
  type: "refused";
  id: string;
  node: string;
  message: string;
}

/** page → kernel: send a snapshot. */
export interface ResyncRequest {
  type: "resync";
}

/**
 * page → kernel: `probe` looks at a node in every later run, until `unprobe`; `picture` draws what it saw last; `value` asks for
 * statistics of what any probe saw last.
 */
export interface NodeRequest {
  type: "probe" | "unprobe" | "picture" | "value";
  id: string;
  node: string;
}

export type CatalogMessage =
  | SnapshotMessage
  | GraphAddedMessage
  | GraphRemovedMessage
  | RanMessage
  | ProbesMessage
  | ValueMessage
  | PictureMessage
  | RefusedMessage;
export type CatalogRequest = ResyncRequest | NodeRequest;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPatchMark(value: unknown): value is PatchMark {
  return (
    isObject(value) &&
    typeof value.patch === "string" &&
    typeof value.fired === "boolean" &&
    (value.maxChange === null || typeof value.maxChange === "string")
  );
}

function isNodeMark(value: unknown): value is NodeMark {
  return (
    isObject(value) &&
    typeof value.node === "string" &&
    typeof value.isProbed === "boolean" &&
    Array.isArray(value.patches) &&
    value.patches.every(isPatchMark)
  );
}

function isLiveProbe(value: unknown): value is LiveProbe {
  return isObject(value) && typeof value.node === "string" && Number.isInteger(value.runs);
}

function isNodeValue(value: unknown): value is NodeValue {
  return (
    isObject(value) &&
    Array.isArray(value.shape) &&
    value.shape.every((size) => Number.isInteger(size)) &&
    typeof value.dtype === "string" &&
    isStatistics(value.statistics)
  );
}

/** Whether `value`, as it came over the comm, is a message the page understands. */
export function isCatalogMessage(value: unknown): value is CatalogMessage {
  if (!isObject(value)) return false;
  if (value.type === "snapshot") return Array.isArray(value.graphs) && value.graphs.every(isGraphTable);
  if (value.type === "graph-added") return isGraphTable(value.graph);
  if (typeof value.id !== "string") return false;
  switch (value.type) {
    case "graph-removed":
      return true;
    case "ran":
      return Array.isArray(value.marks) && value.marks.every(isNodeMark);
    case "probes":
      return Array.isArray(value.probes) && value.probes.every(isLiveProbe);
    case "value":
      return typeof value.node === "string" && (value.value === null || isNodeValue(value.value));
    case "picture":
      return (
        typeof value.node === "string" &&
        Number.isInteger(value.runs) &&
        (value.bundle === null || isObject(value.bundle))
      );
    case "refused":
      return typeof value.node === "string" && typeof value.message === "string";
    default:
      return false;
  }
}

const NODE_REQUESTS: readonly unknown[] = ["probe", "unprobe", "picture", "value"];

/** Whether `value`, as it came over the comm, is a request the kernel understands. */
export function isCatalogRequest(value: unknown): value is CatalogRequest {
  if (!isObject(value)) return false;
  if (value.type === "resync") return true;
  return NODE_REQUESTS.includes(value.type) && typeof value.id === "string" && typeof value.node === "string";
}
