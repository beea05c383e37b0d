import { AsyncLocalStorage } from "node:async_hooks";
import { activeSignal } from "../cancellation";
import { CancelledError } from "../errors";
import type { GraphRunner } from "../graph/runner";
import type { Tensor } from "../tensor/tensor";
import type { CellRuns } from "./cell";
import { readCells } from "./cells";
import { chunkCells } from "./chunks";
import { KeptBytes } from "./cost";
import { shareMemory } from "./memory";
import { checkSamples } from "./metrics";
import { native } from "./native";
import { whyPlain } from "./plain";
import { runPlain } from "./plainRun";
import { readPositions } from "./positions";
import { SweepReport } from "./report";
import { SweepCancelledError, SweepResult } from "./result";
import { checkSameBase, checkSameCells } from "./resume";
import { prepareSweep, type SweepJob } from "./setup";
import { type SharedBase, shareBases } from "./sharedPatches";
import { selectPositions } from "./stacking";
import { type Survey, surveyCells } from "./survey";
import {
  DEFAULT_MEMORY,
  type DoneCell,
  productsOf,
  readLevels,
  type SweepLevels,
  type SweepOptions,
} from "./sweepOptions";
import { warnIdle, warnUnchanged } from "./warnings";
import { runWave, type WaveOptions, type WaveResult } from "./waveRun";

/** See `PatchableGraph.sweep`. */
export async function sweep(runner: GraphRunner, given: SweepOptions): Promise<SweepResult> {
  const started = performance.now();
  const options = { ...given, signal: activeSignal(given.signal) };
  const job = prepareSweep(runner, options);
  warnIdle(job);
  const run = new SweepRun(job, options);
  try {
    await run.all();
  } catch (error) {
    if (error instanceof CancelledError) throw new SweepCancelledError(run.result(started));
    throw error;
  }
  const result = run.result(started);
  warnUnchanged(job, result);
  return result;
}

class SweepRun {
  readonly #samples: (readonly number[])[];
  readonly #report = new SweepReport();
  readonly #levels: Required<SweepLevels>;
  readonly #memory: number;
  /** Of the run without any cell's patches: the metric's values, and what it looked at. */
  #base: readonly number[] = [];
  #baseOutputs: Tensor[] = [];
  #baseTime = 0;
  #batch = 1;
  #positions: number[] | null = null;
  readonly #runs: CellRuns;
  readonly #kept: KeptBytes;

  constructor(
    private readonly job: SweepJob,
    private readonly options: SweepOptions,
  ) {
    this.#runs = cellRuns(job, options);
    this.#kept = new KeptBytes(job);
    const { resume } = options;
    if (resume) checkSameCells(resume, job);
    this.#samples = job.cells.map((_, i) => resume?.samples[i] ?? []);
    this.#levels = readLevels(options, job.runner.isPacked);
    this.#memory = options.memoryLimit ?? DEFAULT_MEMORY;
  }

  async all(): Promise<void> {
    const { job } = this;
    const wanted = job.cells.flatMap((_, i) => (this.#samples[i].length === 0 ? [i] : []));
    const why = new Map(wanted.map((cell) => [cell, this.#whyPlain(cell)]));
    const together = wanted.filter((cell) => why.get(cell) === null);
    const bases = this.#levels.shared
      ? shareBases(job, together)
      : [{ job, cells: together, isShared: false }];
    if (bases.length === 0 || bases[0].isShared || together.length === 0) await this.#plainBase();
    for (const base of bases) if (base.cells.length > 0) await this.#surveyed(base);
    for (const [cell, reason] of why) if (reason !== null) await this.#plain(cell, reason);
  }

  /** The run without any cell's patches, where no survey makes it. */
  async #plainBase(): Promise<void> {
    const start = performance.now();
    const outputs = await runPlain(this.job, null, null, this.options.signal);
    await this.#takeBase(outputs, readPositions(this.job.metric, outputs), performance.now() - start);
  }

  async #takeBase(outputs: Tensor[], positions: number[] | null, milliseconds: number): Promise<void> {
    this.#baseTime += milliseconds;
    this.#batch = outputs[0].shape[0] ?? 1;
    this.#positions = positions;
    this.#baseOutputs = positions ? outputs.map((value) => selectPositions(value, positions)) : outputs;
    this.#base = await this.#measure(this.#baseOutputs);
    const { draws, seed } = this.job;
    if (this.options.resume && (!draws || seed !== null)) checkSameBase(this.options.resume, this.#base);
  }

  #whyPlain(cell: number): string | null {
    if (this.options.exact) return "exact";
    if (!this.#levels.upstream) return "turned off";
    const why = whyPlain(this.job, cell);
    if (why !== null) return why;
    return this.#kept.of(cell) > this.#memory ? "the base run's values do not fit the memory limit" : null;
  }

  #whyNotGroups({ isGrouped }: WaveResult): string | null {
    if (!this.#levels.groups) return "turned off";
    return isGrouped ? null : "too few rows for each thread";
  }

  #whyNotOneDnn({ native }: Survey): string | null {
    if (!this.#levels.onednn) {
      const isOwnChoice = this.options.levels?.onednn === undefined;
      return isOwnChoice ? "libtorch's own products are taken on Intel's processors" : "turned off";
    }
    if (!native.multiplies) return "nothing is multiplied by a float32 weight on CPU";
    return native.hasOneDnn ? null : "this libtorch has no oneDNN";
  }

  /** Cells that begin from one base run. */
  async #surveyed({ job, cells, isShared }: SharedBase): Promise<void> {
    const survey = await surveyCells(job, cells, {
      cuts: this.#levels.positions,
      reusesPositions: this.#levels.causal,
      sharesStarts: this.#levels.shared,
      reads: this.#levels.positions,
      signal: this.options.signal,
    });
    try {
      await this.#chunks(survey, isShared);
    } finally {
      survey.release();
    }
  }

  async #chunks(survey: Survey, isShared: boolean): Promise<void> {
    const { job } = survey;
    if (isShared) this.#baseTime += survey.milliseconds;
    else await this.#takeBase(survey.outputs, survey.positions, survey.milliseconds);
    const outputs = survey.positions
      ? survey.outputs.map((value) => selectPositions(value, survey.positions as number[]))
      : survey.outputs;
    const unchanged = isShared ? await this.#measure(outputs) : this.#base;
    const products = productsOf(job.runner, this.#levels);
    const shares = shareMemory(survey, this.#memory, products === "onednn");
    const { unused, kept, passing } = shares;
    const weights = kept > 0 ? native.sweepWeights(kept, passing) : null;
    const waves = { products, weights, groups: this.#levels.groups, unused };
    const chunks = chunkCells(survey, { memory: shares.cells, together: this.#levels.batch });
    try {
      for (const places of chunks) await this.#chunk({ survey, isShared, unchanged, waves }, places);
    } finally {
      if (weights) native.dropSweepWeights(weights);
    }
  }

  async #chunk({ survey, isShared, unchanged, waves }: Started, places: readonly number[]): Promise<void> {
    let wave: WaveResult;
    try {
      wave = await runWave(survey, places, waves, this.options.signal);
    } catch (error) {
      // Whatever went wrong is that cell's error that has it when it is run by itself.
      if (error instanceof CancelledError) throw error;
      const why = `failed together: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
      for (const place of places) await this.#plain(survey.cells[place], why);
      return;
    }
    const done: DoneCell[] = wave.unchanged.map((index) => ({ index, samples: unchanged }));
    const each = await this.#measureCells(wave.outputs, wave.changed.length, survey.native.isRead);
    wave.changed.forEach((index, i) => {
      done.push({ index, samples: each[i] });
    });
    for (const { index, samples } of done) {
      this.#samples[index] = samples;
      this.#report.cell({
        upstream: null,
        shared:
          isShared || wave.shared.has(index)
            ? null
            : this.#levels.shared
              ? "no patches in common with enough others"
              : "turned off",
        batch: this.#whyAlone(wave, index, places.length),
        causal: this.#levels.causal ? (wave.widened.get(index) ?? null) : "turned off",
        positions: this.#whyAllPositions(survey),
        groups: this.#whyNotGroups(wave),
        onednn: this.#whyNotOneDnn(survey),
      });
    }
    this.options.onCells?.(done);
    for (const [cell, why] of wave.dropped) await this.#plain(cell, why);
  }

  #whyAlone({ separated }: WaveResult, cell: number, together: number): string | null {
    if (!this.#levels.batch) return "turned off";
    if (together === 1) return "alone, or alone in the memory limit";
    return separated.get(cell) ?? null;
  }

  #whyAllPositions({ positions, native }: Survey): string | null {
    if (!this.#levels.positions) return "turned off";
    if (!positions) return "the metric reads all positions";
    return native.isCut ? null : "positions are not dimension 1 of the outputs";
  }

  async #plain(cell: number, why: string): Promise<void> {
    const outputs = await runPlain(this.job, cell, this.#positions, this.options.signal);
    const samples = await this.#measure(outputs);
    this.#samples[cell] = samples;
    this.#report.cell({
      upstream: why,
      shared: why,
      batch: why,
      causal: why,
      positions: why,
      groups: why,
      onednn: why,
    });
    this.options.onCells?.([{ index: cell, samples }]);
  }

  /** Of one cell, or of several whose rows are stacked. */
  async #measure(outputs: Tensor[], cells = 1): Promise<number[]> {
    const [positions, batch] = [this.#positions, this.#batch];
    const base = { outputs: this.#baseOutputs, positions, batch };
    const { metric } = this.job;
    const samples = [...(await metric.measure({ outputs, positions, batch }, base))];
    checkSamples(metric.label, samples, cells, batch);
    return samples;
  }

  /** Of `count` cells, whose outputs are stacked. */
  async #measureCells(outputs: Tensor[], count: number, isRead: boolean): Promise<number[][]> {
    if (count === 0) return [];
    if (isRead) {
      const [positions, batch] = [this.#positions, this.#batch];
      const stacked = outputs.map((value) => value.flatten(0, 1));
      return grouped(this.job.metric.measureRead?.({ outputs: stacked, positions, batch }) ?? [], count);
    }
    const own = (cell: number) => outputs.map((value) => value.select(0, cell));
    if (!this.job.metric.stacks || outputs.some((value) => value.shape[1] !== this.#batch)) {
      const all: number[][] = [];
      for (let cell = 0; cell < count; cell++) all.push(await this.#measure(own(cell)));
      return all;
    }
    const stacked = outputs.map((value) => value.flatten(0, 1));
    return grouped(await this.#measure(stacked, count), count);
  }

  result(started: number): SweepResult {
    const total = performance.now() - started;
    return new SweepResult(
      this.job.metric.label,
      this.job.axes,
      this.#samples,
      this.#base,
      { base: this.#baseTime, cells: total - this.#baseTime, total },
      this.#report.levels(),
      this.#runs,
    );
  }
}

/** A survey, with what its cells measure that change nothing. */
interface Started {
  survey: Survey;
  isShared: boolean;
  unchanged: readonly number[];
  waves: WaveOptions;
}

/** Numbers of `count` cells, one cell after the other. */
function grouped(samples: readonly number[], count: number): number[][] {
  const each = samples.length / count;
  return Array.from({ length: count }, (_, cell) => samples.slice(cell * each, (cell + 1) * each));
}

/** Runs single cells again, in the scopes that the sweep was called in. */
function cellRuns({ runner }: SweepJob, options: SweepOptions): CellRuns {
  const { cells } = readCells(options.cells);
  const inScopes = AsyncLocalStorage.snapshot();
  const { inputs, metric, outputs, positions, base, memoryLimit, seed } = options;
  const alone = { inputs, metric, outputs, positions, base, memoryLimit, seed, exact: true };
  return {
    patches: (cell) => cells[cell],
    run: async (cell) => {
      const { samples } = await inScopes(() => sweep(runner, { ...alone, cells: [cells[cell]] }));
      return samples[0];
    },
  };
}
