import type { CatalogGraph, NodeKind } from "@graphpatch/kernel/protocol";
import { describeValue, shortOperator } from "../browser/operators";

/** One box of the picture: a node, or a module with all that is in it. */
export interface Box {
  /** Unique in the picture. */
  readonly id: string;
  /** Path to go to in the browser. */
  readonly path: string;
  readonly label: string;
  /** Second line: what the value is, or how much a module holds. */
  readonly note: string;
  readonly kind: NodeKind | "module";
}

/** A part of a graph that is small enough to be looked at. */
export interface Subgraph {
  readonly boxes: readonly Box[];
  /** From and to, as places in `boxes`. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  /** Place of the box it was made for; -1 for none. */
  readonly centre: number;
  /** Neighbours of what is shown that are not. */
  readonly omitted: number;
}

/** More boxes can neither be laid out in good time nor be read. */
export const MOST_BOXES = 300;
/** A neighbourhood of more is no help. */
export const MOST_NEIGHBOURS = 80;

/** The nodes from which a node can be reached in at most `depth` steps, and those that can be reached from it. Nearest first. */
export function neighbourhood(
  graph: CatalogGraph,
  index: number,
  depth: number,
  most = MOST_NEIGHBOURS,
): Subgraph {
  const shown = new Map<number, number>([[index, 0]]);
  let omitted = 0;
  const frontiers = { inputs: [index], users: [index] };
  for (let step = 0; step < depth; step++) {
    for (const ends of ["inputs", "users"] as const) {
      const next: number[] = [];
      for (const node of frontiers[ends]) {
        for (const other of graph[ends].at(node)) {
          if (shown.has(other)) continue;
          if (shown.size >= most) {
            omitted += 1;
            continue;
          }
          shown.set(other, shown.size);
          next.push(other);
        }
      }
      frontiers[ends] = next;
    }
  }
  for (const ends of ["inputs", "users"] as const) {
    for (const node of frontiers[ends]) {
      for (const other of graph[ends].at(node)) if (!shown.has(other)) omitted += 1;
    }
  }
  const places = [...shown.keys()];
  return {
    boxes: places.map((place) => nodeBox(graph, place)),
    edges: edgesAmong(graph, places, (place) => shown.get(place)),
    centre: 0,
    omitted,
  };
}

/**
 * What is directly in a module: its nodes, and each module in it as one box.
 * @returns the number of boxes instead, when there are more than `most`
 */
export function moduleGraph(graph: CatalogGraph, module: string, most = MOST_BOXES): Subgraph | number {
  const prefix = module === "" ? "" : `${module}.`;
  const boxes = new Map<string, { box: Box; count: number }>();
  const boxOf = new Map<number, string>();
  graph.nodes.forEach((node, place) => {
    if (!node.name.startsWith(prefix)) return;
    const rest = node.name.slice(prefix.length);
    const dot = /^[^.|]*\./.exec(rest)?.[0].length ?? 0;
    const id = dot > 0 ? prefix + rest.slice(0, dot - 1) : node.name;
    boxOf.set(place, id);
    const known = boxes.get(id);
    if (known) known.count += 1;
    else boxes.set(id, { box: dot > 0 ? moduleBox(id, prefix) : nodeBox(graph, place), count: 1 });
  });
  if (boxes.size > most) return boxes.size;
  const order = new Map([...boxes.keys()].map((id, at) => [id, at]));
  return {
    boxes: [...boxes.values()].map(({ box, count }) =>
      box.kind === "module" ? { ...box, note: String(count) } : box,
    ),
    edges: edgesAmong(graph, [...boxOf.keys()], (place) => order.get(boxOf.get(place) ?? "")),
    centre: -1,
    omitted: 0,
  };
}

function nodeBox(graph: CatalogGraph, place: number): Box {
  const node = graph.nodes[place];
  const label = node.name.slice(
    node.module === "" || !node.name.startsWith(`${node.module}.`) ? 0 : node.module.length + 1,
  );
  const value = describeValue(node);
  // `output` and `input` say nothing without their module.
  const isNamed = node.kind === "output" || node.kind === "argument" || node.kind === "parameter";
  const owner = node.module.split(".").at(-1) ?? "";
  return {
    id: node.name,
    path: node.name,
    label: isNamed && owner !== "" ? `${owner}.${label}` : label,
    note: value || shortOperator(node.operator),
    kind: node.kind,
  };
}

function moduleBox(path: string, prefix: string): Box {
  return { id: path, path, label: path.slice(prefix.length), note: "", kind: "module" };
}

function edgesAmong(
  graph: CatalogGraph,
  places: readonly number[],
  boxOf: (place: number) => number | undefined,
): [number, number][] {
  const edges = new Map<string, [number, number]>();
  for (const place of places) {
    const to = boxOf(place);
    for (const input of graph.inputs.at(place)) {
      const from = boxOf(input);
      if (from !== undefined && to !== undefined && from !== to) edges.set(`${from} ${to}`, [from, to]);
    }
  }
  return [...edges.values()];
}
