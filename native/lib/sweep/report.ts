import type { LevelReport } from "./result";

type CellLevel = "upstream" | "batch" | "positions";

/** Counts for how many cells each way of saving work was used. */
export class SweepReport {
  /** Null where packed weights were used. */
  whyNotPacked: string | null = null;
  readonly #used: Record<CellLevel, number> = { upstream: 0, batch: 0, positions: 0 };
  readonly #why: Record<CellLevel, Set<string>> = {
    upstream: new Set(),
    batch: new Set(),
    positions: new Set(),
  };
  #done = 0;

  /** `count` cells are done; for each level why it was not used, null when it was. */
  cells(count: number, levels: Record<CellLevel, string | null>): void {
    this.#done += count;
    for (const level of ["upstream", "batch", "positions"] as const) {
      const why = levels[level];
      if (why === null) this.#used[level] += count;
      else this.#why[level].add(why);
    }
  }

  levels(): LevelReport[] {
    const cell = (level: CellLevel): LevelReport => ({
      level,
      cells: this.#used[level],
      why: [...this.#why[level]].join("; "),
    });
    return [
      { level: "outputs", cells: this.#done, why: "" },
      cell("upstream"),
      cell("batch"),
      cell("positions"),
      { level: "packed", cells: this.whyNotPacked === null ? this.#done : 0, why: this.whyNotPacked ?? "" },
    ];
  }
}
