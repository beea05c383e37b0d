import { ArgumentError } from "../errors";
import type { AnyNodes, NodeNames, PatchMap } from "../graph/nodeTypes";

/** Cells of a sweep: patches by node each, in lists nested as deep as the grid has axes. */
export type Cells<Nodes extends NodeNames = AnyNodes> = PatchMap<Nodes> | readonly Cells<Nodes>[];

/** An axis of the grid: its name, and what its places are called. */
export interface Axis {
  name: string;
  labels?: readonly string[];
}

/** Cells in row-major order. */
export interface CellGrid {
  shape: number[];
  cells: PatchMap[];
}

/** @throws ArgumentError when the lists are ragged, empty, or do not end in patches. */
export function readCells(cells: Cells): CellGrid {
  const shape: number[] = [];
  for (let level: Cells = cells; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: PatchMap[] = [];
  const walk = (item: Cells, depth: number): void => {
    if (
      Array.isArray(item) !== depth < shape.length ||
      (Array.isArray(item) && item.length !== shape[depth])
    ) {
      throw new ArgumentError(
        `cells: every list at depth ${depth} must have the same length, down to one patch map a cell`,
      );
    }
    if (Array.isArray(item)) for (const child of item as readonly Cells[]) walk(child, depth + 1);
    else if (typeof item === "object" && item !== null) flat.push(item as PatchMap);
    else throw new ArgumentError("cells: each cell must be patches by node, as pg.patch takes them");
  };
  walk(cells, 0);
  if (flat.length === 0) throw new ArgumentError("cells: there are none");
  return { shape, cells: flat };
}

/** What tables of results call their other columns. */
const COLUMNS = ["value", "stderr", "n"];

/** Names for all axes. @throws ArgumentError when names or labels do not fit the grid. */
export function readAxes(
  axes: readonly (Axis | string)[] | undefined,
  shape: readonly number[],
): Required<Axis>[] {
  if (axes && axes.length !== shape.length) {
    throw new ArgumentError(`axes: ${axes.length} for cells in ${shape.length} dimensions`);
  }
  const names = (axes ?? []).map((axis) => (typeof axis === "string" ? axis : axis.name));
  if (names.some((name, i) => !name || COLUMNS.includes(name) || names.indexOf(name) < i)) {
    throw new ArgumentError(
      `axes: each needs a name of its own that is none of ${COLUMNS.join(", ")}; got ${JSON.stringify(names)}`,
    );
  }
  return shape.map((size, i) => {
    const given = axes?.[i] ?? `axis ${i}`;
    const { name, labels } = typeof given === "string" ? { name: given, labels: undefined } : given;
    if (labels && labels.length !== size) {
      throw new ArgumentError(`axes: "${name}" has ${labels.length} labels for ${size} cells`);
    }
    return { name, labels: labels ?? Array.from({ length: size }, (_, index) => String(index)) };
  });
}
