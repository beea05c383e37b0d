import type { Subgraph } from "./subgraph";

/** Boxes that can be reached along edges from `start`, itself among them; backwards along them with `isBack`. */
function reached({ boxes, edges }: Subgraph, start: number, isBack: boolean): Uint8Array {
  const next = new Map<number, number[]>();
  for (const [from, to] of edges) {
    const [key, value] = isBack ? [to, from] : [from, to];
    next.set(key, [...(next.get(key) ?? []), value]);
  }
  const found = new Uint8Array(boxes.length);
  const pending = [start];
  found[start] = 1;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const other of next.get(at) ?? []) {
      if (found[other]) continue;
      found[other] = 1;
      pending.push(other);
    }
  }
  return found;
}

/**
 * The edges that values take between two boxes, whichever comes first; with only one, all that lead to it or from it.
 * 1 at an edge's place.
 */
export function valuePaths(graph: Subgraph, selected: number, centre: number): Uint8Array {
  const result = new Uint8Array(graph.edges.length);
  if (selected < 0) return result;
  const mark = (after: Uint8Array, before: Uint8Array): void => {
    graph.edges.forEach(([from, to], at) => {
      if (after[from] && before[to]) result[at] = 1;
    });
  };
  const everything = new Uint8Array(graph.boxes.length).fill(1);
  if (centre < 0 || centre === selected) {
    mark(everything, reached(graph, selected, true));
    mark(reached(graph, selected, false), everything);
    return result;
  }
  mark(reached(graph, selected, false), reached(graph, centre, true));
  mark(reached(graph, centre, false), reached(graph, selected, true));
  return result;
}
