import type { Survey } from "./survey";

/** What estimates of bytes leave out: operands that are gathered, results beside what they are made from. */
const BESIDES = 1.5;

/** A chunk has the work of so many runs at most: more would gain nothing, and results should come while the sweep goes on. */
const RUNS = 24;

/** Floating-point operations that are worth no chunk of their own: a fraction of a second. */
const SMALL = 2e10;

export interface ChunkOptions {
  /** Bytes that a chunk may take. */
  memory: number;
  /** Whether cells may run together at all. */
  together: boolean;
}

/**
 * Cells of a survey, by their place in it, in groups that are run together. Cells that change the same positions are neighbours, so that
 * they share calls at operators where positions see one another.
 */
export function chunkCells({ native }: Survey, { memory, together }: ChunkOptions): number[][] {
  const { begin, end, work, bytes, baseWork } = native;
  const places = Array.from(begin, (_, place) => place);
  places.sort((a, b) => begin[a] - begin[b] || end[a] - end[b] || a - b);
  const most = Math.max(RUNS * baseWork, SMALL);
  const chunks: number[][] = [];
  let taken = 0;
  let done = 0;
  for (const place of places) {
    const wanted = bytes[place] * BESIDES;
    const chunk = chunks.at(-1);
    if (chunk && together && taken + wanted <= memory && done + work[place] <= most) {
      chunk.push(place);
      taken += wanted;
      done += work[place];
    } else {
      chunks.push([place]);
      taken = wanted;
      done = work[place];
    }
  }
  return chunks;
}
