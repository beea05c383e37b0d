import type { Layout } from "./layout";
import type { Subgraph } from "./subgraph";

/** Boxes whose centres are no further apart stand in one row. */
const SAME_ROW = 6;

/**
 * The box that an arrow key leads to: up along an input, down along a use, sideways within the row. Of several the nearest. -1 for
 * none.
 */
export function boxTowards(key: string, from: number, { edges }: Subgraph, { boxes }: Layout): number {
  const here = boxes[from];
  if (!here) return -1;
  const nearest = (candidates: readonly number[]): number =>
    candidates.reduce(
      (best, at) =>
        best < 0 || Math.abs(boxes[at].x - here.x) < Math.abs(boxes[best].x - here.x) ? at : best,
      -1,
    );
  const row = boxes.flatMap(({ y }, at) => (at !== from && Math.abs(y - here.y) < SAME_ROW ? [at] : []));
  switch (key) {
    case "ArrowUp":
      return nearest(edges.flatMap(([start, end]) => (end === from ? [start] : [])));
    case "ArrowDown":
      return nearest(edges.flatMap(([start, end]) => (start === from ? [end] : [])));
    case "ArrowLeft":
      return nearest(row.filter((at) => boxes[at].x < here.x));
    case "ArrowRight":
      return nearest(row.filter((at) => boxes[at].x > here.x));
    default:
      return -1;
  }
}
