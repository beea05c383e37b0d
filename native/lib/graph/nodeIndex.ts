import { UnknownNodeError } from "../errors";
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
  /** Path of the module the node stands in; "" for the root. */
  readonly module: string;
  /** Class of that module. */
  readonly moduleType: string;
  /** Source line that made the value, where known. */
  readonly code: string | null;
}

const MAX_LISTED = 8;

/** Finds nodes by the names users write. */
export class NodeIndex {
  readonly #infos = new Map<string, NodeInfo>();
  readonly #values = new Map<string, number>();

  add(info: NodeInfo, value: number): void {
    this.#infos.set(info.name, info);
    this.#values.set(info.name, value);
  }

  get infos(): ReadonlyMap<string, NodeInfo> {
    return this.#infos;
  }

  /** The node and value that `name` means. A module's path means its output; `h.17` is read as `h_17`. */
  resolve(name: string): { info: NodeInfo; value: number } {
    const found = this.#find(name);
    if (found) return found;
    for (const candidate of this.#candidates(name)) {
      const meant = this.#find(candidate);
      if (meant) return meant;
    }
    throw this.#unknown(name);
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
    return [name, `${joined}${rest}`, output(path), output(joined)];
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
    const modules = new Set([...this.#infos.values()].map(({ module }) => module));
    const close = closestNames(name, new Set([...this.#infos.keys(), ...modules]));
    const hint =
      close.length > 0
        ? `Did you mean ${close.map((one) => `"${one}"`).join(", ")}?`
        : "pg.nodes lists all names.";
    return new UnknownNodeError(`no node "${name}". ${hint}`);
  }
}

function list(names: string[]): string {
  const shown = names
    .slice(0, MAX_LISTED)
    .map((name) => `"${name}"`)
    .join(", ");
  return names.length > MAX_LISTED ? `${shown}, … (${names.length} in all)` : shown;
}
