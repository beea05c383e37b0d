/** A place of a graph's tree (`pg.graph.transformer`), told by what every place has. */
interface TreePlace {
  readonly _name: string;
  readonly _operator: string;
  readonly _count: number;
  readonly [child: string]: unknown;
}

/** Members of the tree place that the text before the cursor leads to: `pg.graph.transformer.h` → the children of transformer. */
export interface TreeMembers {
  names: string[];
  /** UTF-16 position where the member's name begins. */
  start: number;
  typeOf(name: string): string;
}

const MEMBER_CHAIN = /([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+|[A-Za-z_$][\w$]*)\.([\w$]*)$/;

/** Children that TypeScript cannot know, because they are found when a graph is captured. Only plain chains of names are followed. */
export function treeMembers(
  code: string,
  cursor: number,
  locals: Readonly<Record<string, unknown>>,
): TreeMembers | null {
  const match = MEMBER_CHAIN.exec(code.slice(0, cursor));
  if (!match) return null;
  const [root, ...path] = match[1].split(".");
  let value: unknown = Object.hasOwn(locals, root) ? locals[root] : undefined;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !(key in value)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  if (!isTreePlace(value)) return null;
  const place = value;
  return {
    names: Object.keys(place).filter((name) => name.startsWith(match[2])),
    start: cursor - match[2].length,
    typeOf: (name) => {
      const child = place[name];
      return isTreePlace(child) ? child._operator : "";
    },
  };
}

function isTreePlace(value: unknown): value is TreePlace {
  return (
    typeof value === "object" &&
    value !== null &&
    "_name" in value &&
    "_operator" in value &&
    "_count" in value
  );
}
