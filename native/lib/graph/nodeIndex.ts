import { UnknownNodeError } from "../errors";
import type { AliasTable } from "./aliases";
import { closestNames } from "./closest";
import { joinIndices } from "./names";
import type { NodeKind } from "./trace";

/** What is known of a node without running it. */
export interface NodeInfo {
  /** Full path, e.g. `transformer.h_17.mlp.act.mul_3`. */
  readonly name: string;
  readonly kind: NodeKind;
  /** `aten::mul.Tensor`, or what made the value (`parameter`, `input`, …). */
  readonly operator: string;
  /** At capture; null for a number. Dimensions that follow the input differ in other runs. */
  readonly shape: number[] | null;
  readonly dtype: string | null;
  /** At capture, in elements, where the values do not lie in row-major order. */
  readonly strides?: number[];
  /** Path of the module the node stands in; "" for the root. */
  readonly module: string;
  /** Class of that module. */
  readonly moduleType: string;
  /** Source line that made the value, where known. */
  readonly code: string | null;
}

const MAX_LISTED = 12;

/** Finds nodes by the names users write. */
export class NodeIndex {
  readonly #infos = new Map<string, NodeInfo>();
  readonly #values = new Map<string, number>();
  /** Nodes by another tool's names for them. */
  readonly #aliases = new Map<string, string>();

  add(info: NodeInfo, value: number): void {
    this.#infos.set(info.name, info);
    this.#values.set(info.name, value);
  }

  /** Adds the names of `table` whose nodes are there. */
  addAliases(table: AliasTable): void {
    for (const [alias, nodes] of Object.entries(table)) {
      const node = [nodes].flat().find((name) => this.#infos.has(name));
      if (node !== undefined) this.#aliases.set(alias, node);
    }
  }

  get infos(): ReadonlyMap<string, NodeInfo> {
    return this.#infos;
  }

  get aliases(): ReadonlyMap<string, string> {
    return this.#aliases;
  }

  /**
   * The node and value that `name` means. A module's path means its output; `h.17` is read as `h_17`. An alias means its
   * node, if there is no node of that name.
   */
  resolve(name: string): { info: NodeInfo; value: number } {
    const found = this.#find(name);
    if (found) return found;
    for (const candidate of this.#candidates(name)) {
      const meant = this.#find(candidate);
      if (meant) return meant;
    }
    throw this.#unknown(name);
  }

  /** What is known of the node that `name` means. @throws UnknownNodeError */
  infoOf(name: string): NodeInfo {
    return this.#infos.get(name) ?? this.resolve(name).info;
  }

  #find(name: string): { info: NodeInfo; value: number } | null {
    const info = this.#infos.get(name);
    const value = this.#values.get(name);
    return info && value !== undefined ? { info, value } : null;
  }

  has(name: string): boolean {
    return this.#candidates(name).some((candidate) => this.#infos.has(candidate));
  }

  #candidates(name: string): string[] {
    const bar = name.indexOf("|");
    const path = bar < 0 ? name : name.slice(0, bar);
    const rest = bar < 0 ? "" : name.slice(bar);
    const output = (module: string) => `${module === "" ? "" : `${module}.`}output${rest}`;
    const joined = joinIndices(path);
    const names = [name, `${joined}${rest}`, output(path), output(joined)];
    const alias = this.#aliases.get(name);
    return alias === undefined ? names : [...names, alias];
  }

  /** Nodes under a container (tuple, dictionary): parts are separated from its name by `|` and from each other by `.` */
  #membersOf(container: string): string[] {
    const below = container.includes("|") ? `${container}.` : `${container}|`;
    return [...this.#infos.keys()].filter((known) => known.startsWith(below));
  }

  #unknown(name: string): UnknownNodeError {
    for (const candidate of this.#candidates(name)) {
      const members = this.#membersOf(candidate);
      if (members.length > 0) {
        return new UnknownNodeError(
          `"${name}" is a ${members.length === 1 ? "container with one value" : `container of ${members.length} values`}; name one of them: ${list(members)}`,
        );
      }
    }
    const prefix = `${joinIndices(name)}.`;
    const below = [...this.#infos.keys()].filter((known) => known.startsWith(prefix));
    if (below.length > 0) {
      return new UnknownNodeError(
        `"${name}" is a module without an output of its own; nodes below it: ${list(below)}`,
      );
    }
    const missing = this.#missingAlias(name);
    if (missing) return missing;
    const modules = [...this.#infos.values()].map(({ module }) => module).filter((path) => path !== "");
    const close = closestNames(name, new Set([...this.#infos.keys(), ...modules, ...this.#aliases.keys()]));
    const hint =
      close.length > 0
        ? `Did you mean ${close.map((one) => `"${one}"`).join(", ")}?`
        : "pg.nodes lists all names.";
    return new UnknownNodeError(`no node "${name}". ${hint}`);
  }

  /** A name that would be an alias, had the model such a place: says which there are beside it. */
  #missingAlias(name: string): UnknownNodeError | null {
    const [, parent = "", own] = /^(?:(.*)\.)?(\w+)$/.exec(name) ?? [];
    const prefix = parent === "" ? "" : `${parent}.`;
    const beside = [...this.#aliases.keys()].filter(
      (alias) => alias.startsWith(prefix) && !alias.slice(prefix.length).includes("."),
    );
    if (!own?.startsWith("hook_") || beside.length === 0) return null;
    const close = closestNames(name, beside);
    const hint = close.length > 0 ? `Did you mean ${close.map((one) => `"${one}"`).join(", ")}? ` : "";
    const module = parent === "" ? "" : ` below "${parent}"`;
    return new UnknownNodeError(
      `"${name}" is no node and no alias: this model has no place of that name. ${hint}Aliases${module}: ${list(beside)}; pg.aliases lists all`,
    );
  }
}

function list(names: string[]): string {
  const shown = names
    .slice(0, MAX_LISTED)
    .map((name) => `"${name}"`)
    .join(", ");
  return names.length > MAX_LISTED ? `${shown}, … (${names.length} in all)` : shown;
}
