/** A place of a graph's tree (`pg.graph.transformer`), told by what every place has. */
export interface TreePlace {
  readonly _name: string;
  readonly _operator: string;
  readonly _shape: readonly number[] | null;
  readonly _dtype: string | null;
  readonly _count: number;
  readonly [child: string]: unknown;
}

export function isTreePlace(value: unknown): value is TreePlace {
  return (
    typeof value === "object" &&
    value !== null &&
    "_name" in value &&
    "_operator" in value &&
    "_count" in value
  );
}

/** Children that begin with `prefix`, in order, each with its operator or class. TypeScript cannot know them: they are found at capture. */
export function childrenOf(
  place: TreePlace,
  prefix: string,
): { text: string; type: string; signature: string }[] {
  return Object.keys(place)
    .filter((text) => text.startsWith(prefix))
    .map((text) => {
      const child = place[text];
      return { text, type: isTreePlace(child) ? placeType(child) : "", signature: "" };
    });
}

function placeType({ _operator, _dtype, _shape }: TreePlace): string {
  const short = _operator.replace(/^aten::/, "").replace(/\.\w+$/, "");
  return _shape ? `${short} · ${_dtype}[${_shape.join(", ")}]` : short;
}
