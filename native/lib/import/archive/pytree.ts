import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { Structure } from "../../graph/structure";
import { isJsonObject } from "../../weights/jsonText";
import { type JsonValue, parseJson } from "./json";

/** Trees of containers in containers: deeper nesting is no model. */
const MAX_DEPTH = 64;

/** How PyTorch flattens an argument or a result: leaves in order, and what holds them. */
export type PyTree =
  | { type: "leaf" }
  | { type: "tuple"; items: PyTree[] }
  | { type: "dict"; entries: [string, PyTree][] };

/**
 * Reads a serialised tree specification (torch/utils/_pytree.py, protocol 1).
 * @param namedTuples field names of the named tuples in it, by their serialised names
 */
export function readPyTree(
  text: string,
  source: string,
  namedTuples: ReadonlyMap<string, readonly string[]>,
): PyTree {
  const [protocol, tree] = parseJson(text, source).items();
  if (protocol?.integer() !== 1 || !tree) {
    throw new UnsupportedExportError(`${source}: a tree specification of an unknown protocol`);
  }
  return readTree(tree, source, namedTuples, 0);
}

function readTree(
  json: JsonValue,
  source: string,
  namedTuples: ReadonlyMap<string, readonly string[]>,
  depth: number,
): PyTree {
  if (depth > MAX_DEPTH) json.fail("is nested too deep");
  const type = json.field("type").stringOrNull();
  if (type === null) return { type: "leaf" };
  const children = json
    .field("children_spec")
    .items()
    .map((child) => readTree(child, source, namedTuples, depth + 1));
  const context = json.field("context");
  const names =
    type === "collections.namedtuple"
      ? namedTuples.get(context.string())
      : keysOf(context.stringOrNull(), children.length, source);
  if (!names) return { type: "tuple", items: children };
  if (names.length !== children.length) json.fail("has not as many names as children");
  return { type: "dict", entries: children.map((child, i) => [names[i], child]) };
}

/**
 * Keys of a dictionary, or names of a class's fields: a list of them, or a list of that list and of the fields that
 * are None. Classes registered by users may have any other context; then they are taken as tuples.
 */
function keysOf(context: string | null, count: number, source: string): string[] | undefined {
  if (context === null || context === "null") return undefined;
  let keys: unknown;
  try {
    keys = JSON.parse(context);
  } catch {
    throw new CorruptFileError(`${source}: the context ${context.slice(0, 80)} of a tree is not JSON`);
  }
  // A defaultdict's keys stand beside the factory of its missing values.
  if (isJsonObject(keys)) keys = keys.dict_context;
  if (!Array.isArray(keys)) return undefined;
  const list: unknown[] = keys.length === 2 && keys.every(Array.isArray) ? keys[0] : keys;
  // Keys are parts of nodes' names, which are shown: nothing that moves the cursor.
  const isKey = (key: unknown) =>
    typeof key === "number" || (typeof key === "string" && !/\p{Cc}/u.test(key));
  return list.length === count && list.every(isKey) ? list.map(String) : undefined;
}

/** Number of leaves. */
export function countLeaves(tree: PyTree): number {
  if (tree.type === "leaf") return 1;
  const children = tree.type === "tuple" ? tree.items : tree.entries.map(([, child]) => child);
  return children.reduce((sum, child) => sum + countLeaves(child), 0);
}

/** One leaf and what stands after the `|` of its node's name: `sub_0.key`. */
export interface PlacedLeaf<T> {
  path: string;
  leaf: T;
}

/**
 * The tree with `leaves` in its places. Those that `isValue` takes are numbered, the others are plain values.
 * @param leaves in PyTorch's order, one for each leaf of the tree
 */
export function placeLeaves<T, V extends T>(
  tree: PyTree,
  leaves: readonly T[],
  isValue: (leaf: T) => leaf is V,
  plain: (leaf: T) => unknown,
): { structure: Structure; values: PlacedLeaf<V>[] } {
  const values: PlacedLeaf<V>[] = [];
  let next = 0;
  const walk = (node: PyTree, path: string): Structure => {
    const below = (key: string) => (path === "" ? key : `${path}.${key}`);
    if (node.type === "tuple") {
      return { type: "tuple", items: node.items.map((item, i) => walk(item, below(`sub_${i}`))) };
    }
    if (node.type === "dict") {
      return { type: "dict", entries: node.entries.map(([key, child]) => [key, walk(child, below(key))]) };
    }
    const leaf = leaves[next++];
    if (!isValue(leaf)) return { type: "plain", value: plain(leaf) };
    values.push({ path, leaf });
    return { type: "leaf", index: values.length - 1 };
  };
  return { structure: walk(tree, ""), values };
}
