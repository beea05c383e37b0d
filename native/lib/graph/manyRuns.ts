import { type AttributionOptions, attributionPatch } from "../attribution/attributionPatch";
import type { AttributionResult } from "../attribution/result";
import { type DiffOptions, diffRuns, type RunSide } from "../difference/diffRuns";
import type { RunDifference } from "../difference/result";
import { type AverageTrace, type AverageTraceOptions, averageTrace } from "../sweep/averageTrace";
import { type CausalTraceOptions, causalTrace } from "../sweep/causalTrace";
import { type LensReading, type LogitLensOptions, logitLens } from "../sweep/logitLens";
import { planSweep } from "../sweep/planSweep";
import { countCells, showCells } from "../sweep/showCells";
import { sweep } from "../sweep/sweep";
import type { Sweep, SweepOptions } from "../sweep/sweepOptions";
import type { CausalTrace } from "../sweep/trace";
import type { RunInputs } from "./inputs";
import type { NodeName, NodeNames } from "./nodeTypes";
import type { GraphRunner } from "./runner";

/** What is made of many runs of a graph: sweeps, traces, attribution, differences, the logit lens. */
export abstract class ManyRuns<Nodes extends NodeNames> {
  /** Runs the graph for them. */
  protected abstract get runner(): GraphRunner;

  /**
   * Runs many patched runs of the graph, each a cell of a grid, and measures each. Cells share whatever they have in common, exact to
   * rounding; `exact: true` runs each by itself. Patches in force hold in every cell. `pg.sweep.plan(options)` says beforehand what it would
   * do: cells, arithmetic, bytes, expected time; it runs the graph and a few cells, to know how long they take.
   * @throws UnknownNodeError, ArgumentError before anything runs; SweepCancelledError with what was done.
   *
   * @example
   * const map = await pg.sweep({
   *   inputs: corrupted,
   *   cells: layers.map((l) => tokens.map((t) => ({ [`transformer.h_${l}`]: new ReplacePatch({ value: clean[l].at([0, t]), slice: [{}, t] }) }))),
   *   metric: logProbability({ token }),
   * });
   */
  get sweep(): Sweep<Nodes> {
    const untyped = (options: SweepOptions<Nodes>) => options as unknown as SweepOptions;
    const run = (given: SweepOptions<Nodes>) => {
      const options = untyped(given);
      const total = countCells(options.cells) - (options.resume?.done ?? 0);
      return showCells("sweep", total, options.onCells, (onCells) =>
        sweep(this.runner, { ...options, onCells }),
      );
    };
    const plan = (options: SweepOptions<Nodes>) => planSweep(this.runner, untyped(options));
    return Object.assign(run, { plan });
  }

  /**
   * Causal tracing as in ROME, for models whose blocks are named as Hugging Face's are; see {@link CausalTraceOptions}. With `prompts` the
   * traces of several texts are averaged; see {@link AverageTrace}.
   *
   * @example
   * const trace = await pg.causalTrace({ inputs: tokenizer("The Eiffel Tower is located in the city of"), subject: "The Eiffel Tower" });
   */
  causalTrace(options: CausalTraceOptions): Promise<CausalTrace>;
  causalTrace(options: AverageTraceOptions): Promise<AverageTrace>;
  causalTrace(options: CausalTraceOptions | AverageTraceOptions): Promise<CausalTrace | AverageTrace> {
    if ("prompts" in options) return averageTrace(this.runner, options);
    return showCells("causal trace", null, options.onCells, (onCells, expect) =>
      causalTrace(this.runner, { ...options, onCells }, expect),
    );
  }

  /**
   * What each node's clean value would change in the corrupted run, to first order: scores of all nodes from two runs and one
   * backward, with their correlation to exact values on a sample. See {@link AttributionOptions}.
   *
   * @example
   * const scores = await pg.attributionPatch({ clean, corrupted, metric: logitDifference({ correct, wrong }), by: ["token"] });
   */
  attributionPatch<K extends string = never>(
    options: AttributionOptions & { nodes?: readonly NodeName<K, Nodes>[] },
  ): Promise<AttributionResult> {
    return attributionPatch(this.runner, options);
  }

  /**
   * Runs the graph twice and compares the two runs node by node: norms of the differences, relative changes, the first node at which
   * they part, and for models whose blocks are known layer × token. Patches around the call hold in both runs.
   * @param a the run that changes are relative to
   * @param b the other run; its inputs are those of `a` unless given
   * @throws UnknownNodeError, ArgumentError before anything runs; CancelledError.
   *
   * @example
   * const diff = await pg.diffRuns({ inputs }, { patches: { "transformer.h_5.mlp": new ZeroPatch() } });
   */
  diffRuns(a: RunSide<Nodes>, b: Partial<RunSide<Nodes>>, options: DiffOptions = {}): Promise<RunDifference> {
    return diffRuns(this.runner, a as unknown as RunSide, b as unknown as Partial<RunSide>, options);
  }

  /** What the model would predict after each of its blocks. See {@link LogitLensOptions}. */
  logitLens(inputs: RunInputs, options?: LogitLensOptions): Promise<LensReading[]> {
    return logitLens(this.runner, inputs, options);
  }
}
