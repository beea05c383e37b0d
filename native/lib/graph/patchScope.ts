import { AsyncLocalStorage } from "node:async_hooks";
import type { Patch } from "../patches/patch";

/** Patches by node name; several on one node are applied in order. */
export type PatchMap<N extends string = string> = { readonly [K in N]?: Patch | readonly Patch[] };

/** Patches of one node, as a scope holds them. */
export interface NodePatches {
  node: string;
  value: number;
  patches: Patch[];
}

/** One `pg.patch(…)`: its patches and the scope it stands in. */
export interface PatchScope {
  /** The graph it belongs to. */
  owner: object;
  entries: NodePatches[];
  parent: PatchScope | null;
  runs: number;
  fired: Set<Patch>;
  /** Of `pg.watch`: not among the patches of a run that others are told of. */
  isWatch?: boolean;
}

/** The scope of the current asynchronous flow: patches of one flow are invisible to runs of another. */
const current = new AsyncLocalStorage<PatchScope | null>();

export function newScope(owner: object, entries: NodePatches[]): PatchScope {
  return { owner, entries, parent: current.getStore() ?? null, runs: 0, fired: new Set() };
}

/** Runs `body` inside `scope`. */
export function runInScope<T>(scope: PatchScope, body: () => T): T {
  return current.run(scope, body);
}

/** Runs `body` outside of every scope: what a custom patch runs itself is not patched, or it would meet itself again. */
export function runUnpatched<T>(body: () => T): T {
  return current.run(null, body);
}

/** Makes `scope` current for the rest of the caller's flow; returns what ends it. */
export function enterScope(scope: PatchScope): () => void {
  current.enterWith(scope);
  return () => current.enterWith(scope.parent);
}

/** Scopes of `owner` that are in force, outer ones first. */
export function activeScopes(owner: object): PatchScope[] {
  const scopes: PatchScope[] = [];
  for (let scope = current.getStore() ?? null; scope; scope = scope.parent) {
    if (scope.owner === owner) scopes.unshift(scope);
  }
  return scopes;
}

/** Warns of every patch of an ended scope that no run reached: a patch that does nothing is a mistake. */
export function warnUnfired(scope: PatchScope): void {
  for (const { node, patches } of scope.entries) {
    for (const patch of patches) {
      if (scope.fired.has(patch)) continue;
      const why =
        scope.runs === 0 ? "nothing was run in its scope" : "no run in its scope needed the node's value";
      console.warn(`${patch} at ${node} never fired: ${why}`);
    }
  }
}
