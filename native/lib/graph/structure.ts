/**
 * How values are nested in an argument or a result: PyTorch models take and return tensors, tuples and dictionaries
 * of them, and anything else passes through untouched.
 */
export type Structure =
  | { type: "leaf"; index: number }
  | { type: "tuple"; items: Structure[] }
  | { type: "dict"; entries: [string, Structure][] }
  | { type: "plain"; value: unknown };

/** One leaf of a structure: `path` is what stands after the `|` of a node name (`sub_0.key`), "" for a bare value. */
export interface Leaf<T> {
  path: string;
  value: T;
}

/** Only plain objects are taken apart; class instances pass through. Notebook cells are a realm with its own Object. */
export function isDictionary(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

function join(path: string, part: string): string {
  return path === "" ? part : `${path}.${part}`;
}

/** Walks `value`, calling `visit` on each leaf that `isLeaf` takes; returns the structure and the leaves in order. */
export function flatten<T>(
  value: unknown,
  isLeaf: (value: unknown) => value is T,
): { structure: Structure; leaves: Leaf<T>[] } {
  const leaves: Leaf<T>[] = [];
  const walk = (item: unknown, path: string): Structure => {
    if (isLeaf(item)) {
      leaves.push({ path, value: item });
      return { type: "leaf", index: leaves.length - 1 };
    }
    if (Array.isArray(item) && item.some((child) => containsLeaf(child, isLeaf))) {
      return { type: "tuple", items: item.map((child, i) => walk(child, join(path, `sub_${i}`))) };
    }
    if (isDictionary(item) && containsLeaf(item, isLeaf)) {
      return {
        type: "dict",
        entries: Object.entries(item).map(([key, child]) => [key, walk(child, join(path, key))]),
      };
    }
    return { type: "plain", value: item };
  };
  return { structure: walk(value, ""), leaves };
}

function containsLeaf<T>(value: unknown, isLeaf: (value: unknown) => value is T): boolean {
  if (isLeaf(value)) return true;
  if (Array.isArray(value)) return value.some((item) => containsLeaf(item, isLeaf));
  return isDictionary(value) && Object.values(value).some((item) => containsLeaf(item, isLeaf));
}

/** The value with `leaves` in the places of `structure`. */
export function unflatten(structure: Structure, leaves: readonly unknown[]): unknown {
  switch (structure.type) {
    case "leaf":
      return leaves[structure.index];
    case "tuple":
      return structure.items.map((item) => unflatten(item, leaves));
    case "dict":
      return Object.fromEntries(structure.entries.map(([key, child]) => [key, unflatten(child, leaves)]));
    case "plain":
      return structure.value;
  }
}
