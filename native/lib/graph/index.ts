export type { Size } from "../dispatch/size";
export { formatTree, type GraphPlace, type GraphTree } from "./graphTree";
export type { RunInputs } from "./inputs";
export type { NodeInfo } from "./nodeIndex";
export { type OutputOf, PatchableGraph, type RunOptions } from "./patchableGraph";
export type { PatchMap } from "./patchScope";
export { graphRegistry, type PatchedEvent } from "./registry";
export { sym } from "./symInt";
export type { NodeKind } from "./trace";
