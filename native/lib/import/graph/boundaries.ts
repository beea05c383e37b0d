import type { ArgumentSpec } from "../../graph/spec";
import type { ModuleCall } from "../../graph/trace";
import type { GraphBuilder } from "./builder";
import { isResultRead } from "./callingLine";
import { outwards, sharedCall } from "./callTree";
import { type IrNode, type SeenAlias, type SeenValue, usesOf } from "./ir";
import { nodePath, stripPath } from "./moduleStack";

/** A weight's name in the archive. */
export interface Owner {
  /** `transformer.h.0.ln_1.weight` */
  path: string;
  kind: "parameter" | "buffer" | "constant";
}

/**
 * A second name for a value: as a module receives it, as it returns it, or a weight as one module uses it. Patched
 * there, it changes for that module or its callers only.
 */
export interface Alias {
  kind: "argument" | "output" | "parameter" | "buffer" | "constant";
  call: ModuleCall;
  source: number;
  value: number;
  /** Nodes that use it, in order; those in inner modules too. */
  uses: IrNode[];
  /** Index of the first of them. */
  firstUse: number;
  /** Weights of modules that are not being called: their full path. */
  absolute: string | null;
  local: string;
  part: string;
  /** Place among the arguments of its call. */
  order: number;
  /** Number of dimensions. */
  rank: number;
}

/**
 * Finds which values enter and leave each module call, from where they are made and used, and lets the nodes use the
 * aliases that stand at these borders.
 */
export class Boundaries {
  readonly aliases: Alias[] = [];
  readonly #byKey = new Map<string, Alias>();
  readonly #callIds = new Map<ModuleCall, number>();
  readonly #first = new Map<ModuleCall, number>();
  readonly #last = new Map<ModuleCall, number>();
  readonly #producers = new Map<number, number>();
  /** Calls that something else leaves than the tensors they were given. */
  readonly #returning = new Set<ModuleCall>();

  /**
   * @param owners names of each constant value, several for tied weights
   * @param returned values that the whole model returns
   */
  constructor(
    private readonly builder: GraphBuilder,
    private readonly owners: ReadonlyMap<number, readonly Owner[]>,
    private readonly stripPrefix: string,
    returned: readonly number[],
  ) {
    builder.nodes.forEach((node, i) => {
      for (const call of outwards(node.call)) {
        if (!this.#first.has(call)) this.#first.set(call, i);
        this.#last.set(call, i);
      }
      for (const { value } of node.results) this.#producers.set(value, i);
      if (!node.seen) for (const value of usesOf(node)) this.#noteLeaving(value, node.call);
    });
    for (const value of returned) this.#noteLeaving(value, builder.root);
  }

  #noteLeaving(value: number, user: ModuleCall): void {
    const home = this.builder.values[value].call;
    if (home === null) return;
    const made = new Set(outwards(this.#originHome(value)));
    const outside = new Set(outwards(user));
    for (const call of outwards(home)) {
      if (outside.has(call)) break;
      if (made.has(call)) this.#returning.add(call);
    }
  }

  /** The call that made the tensor which a value is; the root for a weight. */
  #originHome(value: number): ModuleCall {
    const given = this.builder.identities.get(value);
    return given === undefined
      ? (this.builder.values[value].call ?? this.builder.root)
      : this.#originHome(given);
  }

  /**
   * PyTorch's tracer takes `x` for `x.float()` from where a module computes that on, if it changes nothing: a use of it
   * outside of a module that returns something else is a use of `x`.
   */
  #ownTensor(value: number, user: ModuleCall): number {
    const given = this.builder.identities.get(value);
    const home = this.builder.values[value].call;
    if (given === undefined || home === null || !this.#returning.has(home)) return value;
    const isInside = new Set(outwards(user)).has(home);
    const isMadeInside = new Set(outwards(this.#originHome(value))).has(home);
    if (isInside || isMadeInside) return value;
    return this.#ownTensor(given, user);
  }

  /** Lets every node use values as its module sees them. */
  connect(): void {
    this.builder.nodes.forEach((node, i) => {
      if (node.seen) {
        this.#connectAlias(node, node.seen, i);
        return;
      }
      const ref = <T extends ArgumentSpec>(spec: T): T =>
        "ref" in spec ? { ...spec, ref: this.seenFrom(spec.ref, node.call, node, i) } : spec;
      node.args = node.args.map((spec) => {
        if (spec === null) return null;
        return "list" in spec ? { list: spec.list.map(ref) } : ref(spec);
      });
    });
  }

  #connectAlias(node: IrNode, { content, other, watched }: SeenAlias, index: number): void {
    const seen = ({ ref, from, isUnnamed }: SeenValue) =>
      isUnnamed ? ref : this.seenFrom(ref, from, null, index);
    node.args = [{ ref: seen(content) }];
    if (watched.length > 0) node.unless = { other: seen(other), watched: [] };
  }

  /** Lets aliases without a name know the names that there are, once there are all of them. */
  connectUnnamed(): void {
    for (const node of this.builder.nodes) {
      const { seen, unless } = node;
      if (seen?.content.isUnnamed) node.args = [{ ref: this.#nameFrom(seen.content) }];
      if (!unless || !seen) continue;
      unless.watched = seen.watched.map((watch) => watch.map((one) => this.#nameFrom(one)));
      if (seen.other.isUnnamed) unless.other = this.#nameFrom(seen.other);
    }
  }

  /** The value as a call sees it, by the last of the names that there are on its way. */
  #nameFrom({ ref, from }: SeenValue): number {
    let name = this.#ownTensor(ref, from);
    const home = this.builder.values[name].call;
    for (const { kind, call } of home ? bordersBetween(home, from) : []) {
      const alias = this.#byKey.get(this.#key(kind, call, name));
      if (!alias) break;
      name = alias.value;
    }
    return name;
  }

  /** `tensor` as `call` sees it. */
  seenFrom(tensor: number, call: ModuleCall, user: IrNode | null, index: number): number {
    const value = this.#ownTensor(tensor, call);
    const { meta, call: home } = this.builder.values[value];
    if (home === null) return this.#weight(value, call, user, index);
    if (meta === null) return value;
    let seen = value;
    for (const { kind, call: crossed } of bordersBetween(home, call)) {
      seen = this.alias(kind, crossed, seen, user, index).value;
    }
    return seen;
  }

  /** The alias of `source` at a border of `call`, made if it is not there yet. */
  alias(
    kind: "argument" | "output",
    call: ModuleCall,
    source: number,
    user: IrNode | null,
    index: number,
  ): Alias {
    return this.#alias(this.#key(kind, call, source), user, index, () => ({
      kind,
      call,
      source,
      absolute: null,
      local: kind === "output" ? "output" : "",
    }));
  }

  /** Index of the first node that stands in the call. */
  firstNodeOf(call: ModuleCall): number {
    return this.#first.get(call) ?? 0;
  }

  /** The names of a value on its way out of `call`, which returns it though nothing uses it there. */
  addUnusedOutput(value: number, call: ModuleCall): void {
    const home = this.builder.values[value].call;
    let seen = value;
    for (const left of home ? outwards(home) : []) {
      seen = this.alias("output", left, seen, null, Number.POSITIVE_INFINITY).value;
      if (left === call) return;
    }
  }

  /** A module whose work nobody uses returns what its last node gives, if nothing else in it is unused. */
  addUnusedResults(): void {
    const used = new Set([
      ...this.builder.nodes.flatMap(usesOf),
      ...this.aliases.map(({ source }) => source),
    ]);
    const returning = new Set(this.aliases.filter(({ kind }) => kind === "output").map(({ call }) => call));
    const unused = new Map<ModuleCall, number[]>();
    for (const { call, results, seen, isAdded } of this.builder.nodes) {
      if (seen || isAdded) continue;
      const left = results.filter(({ value, meta }) => meta && !used.has(value)).map(({ value }) => value);
      for (const outer of left.length > 0 ? outwards(call) : []) {
        unused.set(outer, [...(unused.get(outer) ?? []), ...left]);
      }
    }
    for (const [call, [value, ...others]] of unused) {
      const isLast = this.#producers.get(value) === this.#last.get(call);
      if (!isLast || others.length > 0 || call === this.builder.root || returning.has(call)) continue;
      if (!isResultRead(call, this.builder.nodes, this.firstNodeOf(call))) this.addUnusedOutput(value, call);
    }
  }

  #weight(value: number, call: ModuleCall, user: IrNode | null, index: number): number {
    const owners = this.owners.get(value) ?? [];
    for (const active of outwards(call)) {
      const owner = owners.find(({ path }) => moduleOf(this.#strip(path)) === active.path);
      if (owner && !isLifted(owner)) return this.#ownWeight(owner, active, value, user, index);
    }
    const owner = owners.find((candidate) => !isLifted(candidate));
    if (owner) {
      const path = this.#strip(owner.path);
      return this.#alias(`weight ${path} ${value}`, user, index, () => ({
        kind: owner.kind,
        call: this.builder.root,
        source: value,
        absolute: path,
        local: path.slice(path.lastIndexOf(".") + 1),
      })).value;
    }
    return this.#alias(`constant ${this.#callId(call)} ${value}`, user, index, () => ({
      kind: "constant",
      call,
      source: value,
      absolute: null,
      local: "constant",
    })).value;
  }

  /** Weights that nothing uses have nodes, too, under their full names. */
  addUnusedWeights(): void {
    const used = new Set(this.aliases.map(({ source }) => source));
    for (const value of this.owners.keys()) {
      if (!used.has(value)) this.#weight(value, this.builder.root, null, Number.POSITIVE_INFINITY);
    }
  }

  #ownWeight(owner: Owner, call: ModuleCall, value: number, user: IrNode | null, index: number): number {
    const local = owner.path.slice(owner.path.lastIndexOf(".") + 1);
    call.reserved.add(local);
    return this.#alias(`weight ${this.#callId(call)} ${local} ${value}`, user, index, () => ({
      kind: owner.kind,
      call,
      source: value,
      absolute: null,
      local,
    })).value;
  }

  #strip(path: string): string {
    return stripPath(path, nodePath(this.stripPrefix)) ?? path;
  }

  #alias(
    key: string,
    user: IrNode | null,
    index: number,
    make: () => Pick<Alias, "kind" | "call" | "source" | "absolute" | "local">,
  ): Alias {
    let alias = this.#byKey.get(key);
    if (!alias) {
      const made = make();
      const { meta } = this.builder.values[made.source];
      const value = this.builder.newValue({ call: made.call, meta });
      alias = {
        ...made,
        value,
        uses: [],
        firstUse: index,
        part: "",
        order: 0,
        rank: meta?.sizes.length ?? 0,
      };
      this.#byKey.set(key, alias);
      this.aliases.push(alias);
    }
    if (user) alias.uses.push(user);
    alias.firstUse = Math.min(alias.firstUse, index);
    return alias;
  }

  #key(kind: Alias["kind"], call: ModuleCall, source: number): string {
    return `${kind} ${this.#callId(call)} ${source}`;
  }

  #callId(call: ModuleCall): number {
    let id = this.#callIds.get(call);
    if (id === undefined) {
      id = this.#callIds.size;
      this.#callIds.set(call, id);
    }
    return id;
  }

  /**
   * Nodes and aliases in the order they run: a module's arguments before its first node, its outputs after its last,
   * unless they are made or used in between.
   */
  inOrder(): (IrNode | Alias)[] {
    const positions = new Map<number, number>();
    const loops = findLoops(this.builder.nodes);
    const positionOf = (value: number): number => positions.get(value) ?? this.#producers.get(value) ?? -1;
    const placed: { item: IrNode | Alias; at: number }[] = this.builder.nodes.map((item, at) => ({
      item,
      at,
    }));
    for (const alias of this.aliases) {
      const source = positionOf(alias.source);
      const at = outOfLoops(loops, source, Math.max(this.#wish(alias), source));
      positions.set(alias.value, at);
      placed.push({ item: alias, at });
    }
    // Stable: an alias of an alias was made after it.
    return placed.sort((a, b) => a.at - b.at).map(({ item }) => item);
  }

  /** Outer modules' arguments come before inner ones', inner modules' outputs before outer ones'. */
  #wish({ kind, call, firstUse, order }: Alias): number {
    const depth = [...outwards(call)].length;
    const first = Math.min(this.#first.get(call) ?? firstUse, firstUse);
    if (kind === "argument") return first - 0.5 + depth * 1e-4 + order * 1e-7;
    if (kind !== "output") return firstUse - 0.25;
    const end = (this.#last.get(call) ?? firstUse) + 0.25 - depth * 1e-4;
    return end < firstUse ? end : -1;
  }
}

/** Indexes of the first and last node of each loop, outer ones first. */
function findLoops(nodes: readonly IrNode[]): { begin: number; end: number }[] {
  const loops: { begin: number; end: number }[] = [];
  const open: number[] = [];
  nodes.forEach(({ type }, i) => {
    if (type === "loop") open.push(loops.push({ begin: i, end: i }) - 1);
    if (type === "repeat") loops[open.pop() ?? 0].end = i;
  });
  return loops;
}

/** What comes from outside of a loop stands before it: later nodes may use it, too, and there may be no round. */
function outOfLoops(loops: readonly { begin: number; end: number }[], source: number, at: number): number {
  const loop = loops.find(({ begin, end }) => source < begin && at > begin - 0.5 && at < end);
  return loop ? loop.begin - 0.5 + (0.2 * (at - loop.begin + 0.5)) / (loop.end - loop.begin + 1) : at;
}

/** The borders that a value crosses on its way from one call to another: out of calls, then into others. */
function bordersBetween(
  home: ModuleCall,
  user: ModuleCall,
): { kind: "argument" | "output"; call: ModuleCall }[] {
  const shared = sharedCall(home, user);
  const upTo = (call: ModuleCall): ModuleCall[] => {
    const calls = [...outwards(call)];
    return calls.slice(0, calls.indexOf(shared));
  };
  return [
    ...upTo(home).map((call) => ({ kind: "output" as const, call })),
    ...upTo(user)
      .reverse()
      .map((call) => ({ kind: "argument" as const, call })),
  ];
}

function moduleOf(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot < 0 ? "" : path.slice(0, dot);
}

/** Constants that stand in the code, which export has given names of its own. */
function isLifted({ path, kind }: Owner): boolean {
  return kind === "constant" && /(?:^|\.)(?:lifted_tensor_\d+|_tensor_constant\d+)$/.test(path);
}
