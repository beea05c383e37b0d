import type { PatchMap } from "../graph/patchScope";

/** Runs cells of a sweep again, by their number in row-major order. */
export interface CellRuns {
  patches(cell: number): PatchMap;
  /** One number a text, as in the result's `samples`. */
  run(cell: number): Promise<readonly number[]>;
}

/** One cell of a sweep, to look into and to run again. */
export class SweepCell {
  readonly #run: () => Promise<readonly number[]>;

  constructor(
    /** The cell's label on each axis. */
    readonly place: Readonly<Record<string, string>>,
    /** What it patches, as `pg.patch` takes it; patches of the sweep's `base` come before. */
    readonly patches: PatchMap,
    run: () => Promise<readonly number[]>,
  ) {
    this.#run = run;
  }

  /** Measures the cell again, as an ordinary patched run by itself. @returns one number a text (or noise sample) */
  run(): Promise<readonly number[]> {
    return this.#run();
  }
}
