import type { Patch } from "../patches/patch";
import type { GraphPlace } from "./graphTree";

declare const NODES: unique symbol;

/** What is done at a node. */
export type Patches = Patch | readonly Patch[];

/**
 * Names of a graph's nodes as a type: an interface with a property `"name"?: Patches` each, as `graphpatch types` writes it. Interfaces
 * of different graphs are assignable to each other: a name that no type knows is checked when it is used.
 */
export interface NodeNames {
  readonly [NODES]?: never;
}

/** Any names; the graph's own when it is used. */
export interface AnyNodes extends NodeNames {
  readonly [name: string]: Patches | undefined;
}

/** Patches by node name; several on one node are applied in order. */
export type PatchMap<Nodes extends NodeNames = AnyNodes> = Nodes;

/**
 * A name of one of `Nodes`, or a place of the graph's tree. A name that is put together at run time (`string`, or a template with
 * variables) is taken as it is; a literal must be one of the names.
 */
export type NodeName<K extends string | GraphPlace, Nodes extends NodeNames> =
  // K is inferred from the second part alone, which is `unknown` in the end: from the check, the compiler would work out all its branches.
  NoInfer<CheckedName<K, Nodes>> & (K extends never ? K : unknown);

/**
 * `K`, or all names where it is none of them. Looks a literal up as one property, because a union of all names would take the compiler long in
 * large graphs; and asks first whether it is a literal, because the compiler also works out what `string` would give.
 */
type CheckedName<K extends string | GraphPlace, Nodes extends NodeNames> = K extends string
  ? // biome-ignore lint/complexity/noBannedTypes: `{}` is assignable where K is no literal
    {} extends Record<K, 1>
    ? K
    : Nodes extends { readonly [P in K]?: Patches }
      ? K
      : keyof Nodes
  : K;
