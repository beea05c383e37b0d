import type { LevelReport } from "./result";

/** Levels that are used for some cells and not for others. */
export const CELL_LEVELS = [
  "upstream",
  "shared",
  "batch",
  "causal",
  "positions",
  "groups",
  "onednn",
] as const;
type CellLevel = (typeof CELL_LEVELS)[number];

/** Counts for how many cells each way of saving work was used. */
export class SweepReport {
  readonly #used = new Map<CellLevel, number>();
  readonly #why = new Map<CellLevel, Set<string>>();
  #done = 0;

  /** A cell is done; for each level why it was not used, null when it was. */
  cell(levels: Record<CellLevel, string | null>): void {
    this.#done += 1;
    for (const level of CELL_LEVELS) {
      const why = levels[level];
      if (why === null) this.#used.set(level, (this.#used.get(level) ?? 0) + 1);
      else this.#why.set(level, (this.#why.get(level) ?? new Set()).add(why));
    }
  }

  levels(): LevelReport[] {
    return [
      { level: "outputs", cells: this.#done, why: "" },
      ...CELL_LEVELS.map((level) => ({
        level,
        cells: this.#used.get(level) ?? 0,
        why: [...(this.#why.get(level) ?? [])].join("; "),
      })),
    ];
  }
}
