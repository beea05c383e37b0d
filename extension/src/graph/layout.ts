import { Graph, layout } from "@dagrejs/dagre";

/** What is to be laid out: the sizes of boxes, and edges between them by place. */
export interface LayoutRequest {
  readonly sizes: readonly { width: number; height: number }[];
  readonly edges: readonly (readonly [from: number, to: number])[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where boxes (their centres) and edges are, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Point[];
  readonly edges: readonly (readonly Point[])[];
}

const MARGIN = 16;

/** Lays out from top to bottom, as values flow. Takes seconds for a thousand boxes: to be called in a worker. */
export function layOut({ sizes, edges }: LayoutRequest): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 18, ranksep: 34, edgesep: 10, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  sizes.forEach(({ width, height }, at) => {
    graph.setNode(String(at), { width, height });
  });
  for (const [from, to] of edges) graph.setEdge(String(from), String(to));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    boxes: sizes.map((_, at) => pointOf(graph.node(String(at)))),
    edges: edges.map(([from, to]) => (graph.edge(String(from), String(to)).points ?? []).map(pointOf)),
  };
}

function pointOf({ x = 0, y = 0 }: { x?: number; y?: number }): Point {
  return { x, y };
}
