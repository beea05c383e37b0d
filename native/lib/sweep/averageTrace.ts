import { ArgumentError } from "../errors";
import type { GraphRunner } from "../graph/runner";
import { Progress } from "../progress";
import { type Adjustment, adjustPValues } from "../statistics/adjustPValues";
import { type BootstrapOptions, bootstrapInterval } from "../statistics/bootstrap";
import { mean } from "../statistics/moments";
import { signFlipTest } from "../statistics/signFlipTest";
import { type CausalTraceOptions, causalTrace } from "./causalTrace";
import { SweepResult } from "./result";
import { type CausalTrace, describeBest, type MeanOf, meanOf, TRACE_KINDS, type TraceKind } from "./trace";

/** One text of several: see {@link CausalTraceOptions}. */
export type TracePrompt = Pick<CausalTraceOptions, "inputs" | "subject" | "target">;

export interface AverageTraceOptions
  extends Omit<CausalTraceOptions, "inputs" | "subject" | "target" | "onCells"> {
  prompts: readonly TracePrompt[];
  /** Called after each text. */
  onPrompt?: (trace: CausalTrace, index: number) => void;
}

/** Where a token stands: what tokens of different texts have in common (ROME, figure 2). */
export const TOKEN_ROLES = [
  "first subject token",
  "middle subject tokens",
  "last subject token",
  "first subsequent token",
  "further tokens",
  "last token",
] as const;

/**
 * The tokens of each role. As in ROME, a subject of one token is its own first and last one, and the token after the subject may also be
 * the text's last.
 */
export function tokensByRole([from, to]: readonly [number, number], length: number): number[][] {
  const between = (start: number, end: number) =>
    Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
  return [
    [from],
    between(from + 1, to - 1),
    [to - 1],
    to < length ? [to] : [],
    between(to + 1, length - 1),
    [length - 1],
  ];
}

/** A cell of an average, with what can be said of it over the prompts. */
export interface EffectRow {
  restored: TraceKind;
  layer: string;
  token: string;
  /** Mean of what was measured with the cell restored. */
  value: number;
  /** The average indirect effect: the mean of restored − corrupted. */
  effect: number;
  /** Bootstrap interval of the effect, over prompts. */
  low: number;
  high: number;
  /** Prompts that have such a token. */
  n: number;
  /** Sign-flip test of the effect, and adjusted for the number of all cells. */
  pValue: number;
  adjusted: number;
}

/**
 * Causal traces of several texts, averaged: each text gives one number a cell, its mean over noise samples and over the tokens of a role. So
 * intervals and tests are over texts. (ROME counts each token of a role by itself.)
 */
export class AverageTrace {
  /** Over the texts. */
  readonly clean: number;
  readonly corrupted: MeanOf;
  /** For each kind a grid layer × role, with one sample for each text. */
  readonly grids: Partial<Record<TraceKind, SweepResult>>;
  readonly window: number;

  constructor(readonly traces: readonly CausalTrace[]) {
    this.clean = mean(traces.map(({ clean }) => clean));
    this.corrupted = meanOf(traces.map(({ corrupted }) => corrupted.mean));
    this.window = traces[0].window;
    this.grids = {};
    for (const kind of TRACE_KINDS) {
      const grids = traces.flatMap(({ grids }) => grids[kind] ?? []);
      if (grids.length > 0) this.grids[kind] = averageGrid(traces, grids);
    }
  }

  /**
   * Each cell's average indirect effect with its interval, the number of texts, and its test.
   * @param options of the interval, and how p-values are adjusted: `holm` unless given.
   */
  effects(options: BootstrapOptions & { adjustment?: Adjustment } = {}): EffectRow[] {
    const rows = TRACE_KINDS.flatMap((kind) => {
      const grid = this.grids[kind];
      return grid ? this.#rowsOf(kind, grid, options) : [];
    });
    const adjusted = adjustPValues(
      rows.map(({ pValue }) => pValue),
      options.adjustment,
    );
    return rows.map((row, i) => ({ ...row, adjusted: adjusted[i] }));
  }

  #rowsOf(restored: TraceKind, grid: SweepResult, options: BootstrapOptions): EffectRow[] {
    const [layers, roles] = grid.axes;
    return grid.samples.map((samples, i) => {
      const role = i % roles.labels.length;
      const place = {
        restored,
        layer: layers.labels[Math.floor(i / roles.labels.length)],
        token: roles.labels[role],
      };
      const corrupted = this.traces
        .filter((trace) => rolesOf(trace)[role].length > 0)
        .map((trace) => trace.corrupted.mean);
      const effects = samples.map((value, prompt) => value - corrupted[prompt]);
      const n = effects.length;
      if (n === 0 || !effects.every(Number.isFinite)) {
        const [value, effect, low, high, pValue] = Array.from({ length: 5 }, () => Number.NaN);
        return { ...place, value, effect, low, high, n, pValue, adjusted: Number.NaN };
      }
      const { mean: effect, low, high } = bootstrapInterval(effects, options);
      const { pValue } = signFlipTest(effects, { seed: options.seed });
      return { ...place, value: mean(samples), effect, low, high, n, pValue, adjusted: Number.NaN };
    });
  }

  /** {@link effects} with the default options. */
  toTable(): EffectRow[] {
    return this.effects();
  }

  toString(): string {
    const { clean, corrupted, traces } = this;
    const grids = TRACE_KINDS.flatMap((kind) => {
      const grid = this.grids[kind];
      return grid ? [`${kind}: ${describeBest(grid)}`] : [];
    });
    const noise = `corrupted ${corrupted.mean.toFixed(4)} ± ${corrupted.stderr.toFixed(4)} (standard error)`;
    return [`causal traces of ${traces.length} texts: clean ${clean.toFixed(4)}, ${noise}`, ...grids].join(
      "\n",
    );
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function tokenCount({ grids }: CausalTrace): number {
  const [grid] = TRACE_KINDS.flatMap((kind) => grids[kind] ?? []);
  return grid.axes[1].labels.length;
}

function rolesOf(trace: CausalTrace): number[][] {
  return tokensByRole(trace.subject, tokenCount(trace));
}

/** Grids of one kind, one a trace, as one over roles. */
function averageGrid(traces: readonly CausalTrace[], grids: readonly SweepResult[]): SweepResult {
  const [first] = grids;
  const layers = first.axes[0];
  const samples = layers.labels.flatMap((_, layer) =>
    TOKEN_ROLES.map((_, role) =>
      traces.flatMap((trace, i) => {
        const tokens = rolesOf(trace)[role];
        if (tokens.length === 0) return [];
        const width = grids[i].axes[1].labels.length;
        return [mean(tokens.flatMap((token) => grids[i].samples[layer * width + token]))];
      }),
    ),
  );
  const sum = (part: "base" | "cells" | "total") =>
    grids.reduce((total, { timings }) => total + timings[part], 0);
  return new SweepResult(
    first.label,
    [layers, { name: "token", labels: TOKEN_ROLES }],
    samples,
    traces.map(({ corrupted }) => corrupted.mean),
    { base: sum("base"), cells: sum("cells"), total: sum("total") },
    first.levels,
  );
}

/** Causal tracing over several texts, one after the other, with noise of their own each. See {@link AverageTrace}. */
export async function averageTrace(runner: GraphRunner, options: AverageTraceOptions): Promise<AverageTrace> {
  const { prompts, onPrompt, seed = 0, ...shared } = options;
  if (prompts.length === 0) throw new ArgumentError("causalTrace: prompts is empty");
  const traces: CausalTrace[] = [];
  using line = new Progress("causal traces", { total: prompts.length, unit: "texts" });
  for (const [i, prompt] of prompts.entries()) {
    const trace = await causalTrace(runner, { ...shared, ...prompt, seed: seed + i });
    traces.push(trace);
    line.update(traces.length);
    onPrompt?.(trace, i);
  }
  return new AverageTrace(traces);
}
