/**
 * A captured graph, and the form in which it travels: columns over tables of what many nodes share. 100,000 nodes are a third of
 * what they would be as objects, and the page keeps each text once.
 */

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
  readonly name: string;
  readonly kind: NodeKind;
  /** ATen name (`aten::mul.Tensor`), or what made the value (`parameter`, `input`, …). */
  readonly operator: string;
  /** Shape recorded at capture; null where the value is not a tensor. */
  readonly shape: readonly number[] | null;
  /** Names of the dimensions, one each; null where nothing is known of them. */
  readonly dims: readonly string[] | null;
  readonly dtype: string | null;
  readonly device: string | null;
  /** Module path the node stands in; "" for the root. */
  readonly module: string;
  /** Class of that module. */
  readonly moduleType: string;
  /** Source line that made the value, where known. */
  readonly code: string | null;
}

/** For each node the nodes at the other end of its edges, as indices. */
export class Links {
  private constructor(
    private readonly starts: Uint32Array,
    private readonly targets: Uint32Array,
  ) {}

  /** @param counts how many of `targets`, in order, belong to each node */
  static of(counts: readonly number[], targets: readonly number[]): Links {
    const starts = new Uint32Array(counts.length + 1);
    counts.forEach((count, at) => {
      starts[at + 1] = starts[at] + count;
    });
    return new Links(starts, Uint32Array.from(targets));
  }

  at(node: number): Uint32Array {
    return this.targets.subarray(this.starts[node], this.starts[node + 1]);
  }

  /** The same edges from their other ends, in the order of the nodes. */
  reversed(): Links {
    const size = this.starts.length - 1;
    const starts = new Uint32Array(size + 1);
    for (const target of this.targets) starts[target + 1] += 1;
    for (let at = 0; at < size; at++) starts[at + 1] += starts[at];
    const next = starts.slice();
    const targets = new Uint32Array(this.targets.length);
    for (let node = 0; node < size; node++) {
      for (const target of this.at(node)) targets[next[target]++] = node;
    }
    return new Links(starts, targets);
  }
}

/** A captured graph with all its nodes, in execution order. */
export interface CatalogGraph {
  readonly id: string;
  /** Class of the model. */
  readonly label: string;
  readonly nodes: readonly CatalogNode[];
  /** What each node is computed from, in the order of its arguments. */
  readonly inputs: Links;
  /** What is computed from each node. */
  readonly users: Links;
  /** Nodes by other names that they go by (TransformerLens'). */
  readonly aliases: ReadonlyMap<string, number>;
  /** Signatures of operators, by the operator's name. */
  readonly schemas: ReadonlyMap<string, string>;
}

/** Columns of integers; -1 stands for null where a node may lack it. */
const TEXT_COLUMNS = ["operator", "dtype", "device", "module", "moduleType", "code"] as const;
type TextColumn = (typeof TEXT_COLUMNS)[number];
const NULLABLE: readonly string[] = ["dtype", "device", "code"];

/** A graph on its way. Integers of the text columns are places in `texts`. */
export interface GraphTable extends Record<TextColumn, number[]> {
  id: string;
  label: string;
  texts: string[];
  shapes: { shape: number[]; dims: string[] | null }[];
  /** `.mul_3` continues the path of its module; `=` stands before a whole name that begins so itself. */
  name: string[];
  /** Places in {@link NODE_KINDS}. */
  kind: number[];
  /** Places in `shapes`, or -1. */
  shape: number[];
  /** Number of inputs of each node, and all of them one after another. */
  inputCounts: number[];
  inputs: number[];
  aliases: [alias: string, node: number][];
  schemas: [operator: string, schema: string][];
}

/** Gives each value a place in a list, the same to equal ones. */
class Places<T> {
  readonly list: T[] = [];
  readonly #places = new Map<string, number>();

  of(value: T | null, key: string): number {
    if (value === null) return -1;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.list.push(value) - 1;
      this.#places.set(key, place);
    }
    return place;
  }
}

/** A graph as it is written: each node with the indices of its inputs. */
export interface GraphSource {
  id: string;
  label: string;
  nodes: readonly (CatalogNode & { inputs: readonly number[] })[];
  aliases: Iterable<readonly [alias: string, node: number]>;
  schemas: Iterable<readonly [operator: string, schema: string]>;
}

export function encodeGraph({ id, label, nodes, aliases, schemas }: GraphSource): GraphTable {
  const texts = new Places<string>();
  const shapes = new Places<GraphTable["shapes"][number]>();
  const column = (key: TextColumn) => nodes.map((node) => texts.of(node[key], node[key] ?? ""));
  return {
    id,
    label,
    name: nodes.map(encodeName),
    kind: nodes.map(({ kind }) => NODE_KINDS.indexOf(kind)),
    operator: column("operator"),
    dtype: column("dtype"),
    device: column("device"),
    module: column("module"),
    moduleType: column("moduleType"),
    code: column("code"),
    shape: nodes.map(({ shape, dims }) =>
      shapes.of(
        shape && { shape: [...shape], dims: dims && [...dims] },
        `${shape?.join()} ${dims?.join("\n")}`,
      ),
    ),
    inputCounts: nodes.map(({ inputs }) => inputs.length),
    inputs: nodes.flatMap(({ inputs }) => inputs),
    aliases: Array.from(aliases, ([alias, node]) => [alias, node]),
    schemas: Array.from(schemas, ([operator, schema]) => [operator, schema]),
    texts: texts.list,
    shapes: shapes.list,
  };
}

function encodeName({ name, module }: CatalogNode): string {
  if (module !== "" && name.startsWith(`${module}.`)) return name.slice(module.length);
  return /^[.=]/.test(name) ? `=${name}` : name;
}

/** @param table as {@link isGraphTable} accepts it */
export function decodeGraph(table: GraphTable): CatalogGraph {
  const { texts, shapes } = table;
  const nodes = table.name.map((name, at): CatalogNode => {
    const module = texts[table.module[at]];
    const shape = shapes[table.shape[at]];
    return {
      name: decodeName(name, module),
      kind: NODE_KINDS[table.kind[at]],
      operator: texts[table.operator[at]],
      shape: shape?.shape ?? null,
      dims: shape?.dims ?? null,
      dtype: texts[table.dtype[at]] ?? null,
      device: texts[table.device[at]] ?? null,
      module,
      moduleType: texts[table.moduleType[at]],
      code: texts[table.code[at]] ?? null,
    };
  });
  const inputs = Links.of(table.inputCounts, table.inputs);
  return {
    id: table.id,
    label: table.label,
    nodes,
    inputs,
    users: inputs.reversed(),
    aliases: new Map(table.aliases),
    schemas: new Map(table.schemas),
  };
}

function decodeName(name: string, module: string): string {
  if (name.startsWith("=")) return name.slice(1);
  return name.startsWith(".") ? `${module}${name}` : name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Integers from `from` up to and without `to`. */
function areWithin(value: unknown, length: number, from: number, to: number): value is number[] {
  return (
    Array.isArray(value) &&
    value.length === length &&
    value.every((item) => Number.isInteger(item) && item >= from && item < to)
  );
}

function isShape(value: unknown): boolean {
  return (
    isObject(value) &&
    Array.isArray(value.shape) &&
    value.shape.every((size) => Number.isInteger(size)) &&
    (value.dims === null || (isStringArray(value.dims) && value.dims.length === value.shape.length))
  );
}

function arePairs(value: unknown, isSecond: (second: unknown) => boolean): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && isSecond(pair[1]),
    )
  );
}

/** Whether `value`, as it came over the comm, is a graph in which every place refers to something. */
export function isGraphTable(value: unknown): value is GraphTable {
  if (!isObject(value) || typeof value.id !== "string" || typeof value.label !== "string") return false;
  const { texts, shapes, name, inputCounts } = value;
  if (!isStringArray(texts) || !isStringArray(name) || !Array.isArray(shapes)) return false;
  const size = name.length;
  const isNode = (item: unknown) => Number.isInteger(item) && Number(item) >= 0 && Number(item) < size;
  if (!areWithin(inputCounts, size, 0, Number.MAX_SAFE_INTEGER)) return false;
  const edges = inputCounts.reduce((sum, count) => sum + count, 0);
  return (
    shapes.every(isShape) &&
    areWithin(value.kind, size, 0, NODE_KINDS.length) &&
    areWithin(value.shape, size, -1, shapes.length) &&
    TEXT_COLUMNS.every((column) =>
      areWithin(value[column], size, NULLABLE.includes(column) ? -1 : 0, texts.length),
    ) &&
    areWithin(value.inputs, edges, 0, size) &&
    arePairs(value.aliases, isNode) &&
    arePairs(value.schemas, (schema) => typeof schema === "string")
  );
}
