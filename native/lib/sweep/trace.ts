import { mean, standardError } from "../statistics/moments";
import type { BlockNodes } from "./blocks";
import type { SweepResult } from "./result";

/** What is restored: a block's output, or the outputs of MLP or attention modules in a window of layers. */
export type TraceKind = keyof BlockNodes;

export const TRACE_KINDS: readonly TraceKind[] = ["states", "mlp", "attention"];

/** A mean with its standard error (NaN for one value) and the number of values. */
export interface MeanOf {
  mean: number;
  stderr: number;
  n: number;
}

export function meanOf(values: readonly number[]): MeanOf {
  return { mean: mean(values), stderr: standardError(values), n: values.length };
}

interface TraceParts {
  clean: number;
  corrupted: readonly number[];
  grids: Partial<Record<TraceKind, SweepResult>>;
  target: number;
  answer: string | null;
  subject: readonly [number, number];
  window: number;
}

/** A causal trace of one text: for each kind a grid layer × token, with one sample for each noise. */
export class CausalTrace {
  /** What is measured of the run without noise. */
  readonly clean: number;
  /** With noise and nothing restored, over the noise samples. */
  readonly corrupted: MeanOf;
  readonly grids: Partial<Record<TraceKind, SweepResult>>;
  /** The token that was measured. */
  readonly target: number;
  /** Its text; null where the inputs do not know their tokens. */
  readonly answer: string | null;
  /** The subject's tokens: from the first up to, but not with, the second. */
  readonly subject: readonly [number, number];
  /** Layers that a cell of `mlp` and `attention` restores. */
  readonly window: number;

  constructor({ clean, corrupted, grids, target, answer, subject, window }: TraceParts) {
    this.clean = clean;
    this.corrupted = meanOf(corrupted);
    this.grids = grids;
    this.target = target;
    this.answer = answer;
    this.subject = subject;
    this.window = window;
  }

  /** One row a cell: what is restored, where, the mean over `n` noise samples, and the standard error of the mean. */
  toTable(): Record<string, string | number>[] {
    return TRACE_KINDS.flatMap((kind) =>
      (this.grids[kind]?.toTable() ?? []).map((row) => ({ restored: kind, ...row })),
    );
  }

  toString(): string {
    const { clean, corrupted } = this;
    const grids = TRACE_KINDS.flatMap((kind) => {
      const grid = this.grids[kind];
      return grid ? [`${kind}: ${describeBest(grid)}`] : [];
    });
    const noise = `corrupted ${corrupted.mean.toFixed(4)} ± ${corrupted.stderr.toFixed(4)} (standard error, ${corrupted.n} noise samples)`;
    const token = this.answer === null ? this.target : `${this.target} (${JSON.stringify(this.answer)})`;
    return [`causal trace of token ${token}: clean ${clean.toFixed(4)}, ${noise}`, ...grids].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** `"largest 0.4821 at layer 5, token " Tower" (n = 10)"` */
export function describeBest(grid: SweepResult): string {
  const rows = grid.toTable().filter(({ value }) => !Number.isNaN(value));
  if (rows.length === 0) return "no cell was run";
  const best = rows.reduce((a, b) => (Number(b.value) > Number(a.value) ? b : a));
  const place = grid.axes.map(({ name }) => {
    const label = String(best[name]);
    return `${name} ${/^\d+$/.test(label) ? label : JSON.stringify(label)}`;
  });
  return `largest ${Number(best.value).toFixed(4)} at ${place.join(", ")} (n = ${best.n})`;
}
