import { ArgumentError, CancelledError } from "../errors";
import { mean, standardError } from "../statistics/moments";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { type CellRuns, SweepCell } from "./cell";
import type { Axis } from "./cells";

/** A way of saving work, and whether a sweep used it. */
export interface LevelReport {
  level: "outputs" | "upstream" | "shared" | "batch" | "causal" | "positions" | "groups" | "onednn";
  /** Cells it was used for. */
  cells: number;
  /** Why it was not used for the others; empty when it was used for all. */
  why: string;
}

/** Milliseconds of a sweep's parts. */
export interface SweepTimings {
  /** The run without cells' patches. */
  base: number;
  cells: number;
  total: number;
}

/** Measured cells, in the shape the cells were given in. */
export class SweepResult {
  constructor(
    /** What was measured. */
    readonly label: string,
    readonly axes: readonly Required<Axis>[],
    /** One list a cell, row-major: one number a text (or noise sample), or one for all; empty for a cell that was not run. */
    readonly samples: readonly (readonly number[])[],
    /** The same of the run without cells' patches. */
    readonly base: readonly number[],
    readonly timings: SweepTimings,
    readonly levels: readonly LevelReport[],
    /** Runs cells again; null where the patches of the cells are not kept. */
    readonly runs: CellRuns | null = null,
  ) {}

  get shape(): number[] {
    return this.axes.map(({ labels }) => labels.length);
  }

  /** The mean over texts of each cell, float64 in the cells' shape; NaN for a cell that was not run. */
  get values(): Tensor {
    return torch.tensor(this.samples.map(mean), { dtype: "float64" }).reshape(this.shape);
  }

  /** How many cells were run. */
  get done(): number {
    return this.samples.filter(({ length }) => length > 0).length;
  }

  /** How many cells measure, to the last bit, what the run without cells' patches does: their patches change nothing that is measured. */
  get unchanged(): number {
    const isBase = (samples: readonly number[]) =>
      samples.length === this.base.length && samples.every((value, i) => Object.is(value, this.base[i]));
    return this.samples.filter(isBase).length;
  }

  /**
   * One cell, by its index on each axis: `map.cell(5, 3)`.
   * @throws ArgumentError for a cell that is not there, and for results that do not keep their patches.
   */
  cell(...index: number[]): SweepCell {
    const { axes, runs, shape } = this;
    if (!runs) throw new ArgumentError("cell: this result does not keep the patches of its cells");
    if (
      index.length !== shape.length ||
      index.some((at, axis) => !(Number.isInteger(at) && at >= 0 && at < shape[axis]))
    ) {
      throw new ArgumentError(`cell: no cell [${index.join(", ")}] in a grid of [${shape.join(", ")}]`);
    }
    const number = index.reduce((before, at, axis) => before * shape[axis] + at, 0);
    const place = Object.fromEntries(axes.map(({ name, labels }, axis) => [name, labels[index[axis]]]));
    return new SweepCell(place, runs.patches(number), () => runs.run(number));
  }

  /** One row a cell: its place on each axis, the mean over `n` texts, and their standard error (NaN for one text). */
  toTable(): Record<string, string | number>[] {
    const { shape } = this;
    return this.samples.map((samples, i) => {
      const place: Record<string, string> = {};
      let rest = i;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const { name, labels } = this.axes[axis];
        place[name] = labels[rest % shape[axis]];
        rest = Math.floor(rest / shape[axis]);
      }
      const ordered = Object.fromEntries(this.axes.map(({ name }) => [name, place[name]]));
      return { ...ordered, value: mean(samples), stderr: standardError(samples), n: samples.length };
    });
  }

  toString(): string {
    const axes = this.axes.map(({ name, labels }) => `${name} ${labels.length}`).join(" × ");
    const levels = this.levels.map(
      ({ level, cells, why }) =>
        `  ${level.padEnd(9)} ${cells} of ${this.samples.length} cells${why ? `: ${why}` : ""}`,
    );
    const { unchanged } = this;
    const notNumbers = this.samples.filter((samples) => samples.some(Number.isNaN)).length;
    return [
      `${this.label}  ${axes || "one cell"}  ${this.done} of ${this.samples.length} cells in ${(this.timings.total / 1000).toFixed(2)} s; base ${mean(this.base)} (n = ${this.base.length})`,
      ...(unchanged > 0 ? [`  ${unchanged} of them as the base, to the last bit`] : []),
      ...(notNumbers > 0 ? [`  ${notNumbers} of them measure NaN`] : []),
      ...levels,
      String(this.values),
    ].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A sweep was cancelled; `result` has the cells that were done, and can be given to `resume`. */
export class SweepCancelledError extends CancelledError {
  constructor(readonly result: SweepResult) {
    super(`the sweep was cancelled after ${result.done} of ${result.samples.length} cells`);
  }
}
