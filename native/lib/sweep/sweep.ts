import { AsyncLocalStorage } from "node:async_hooks";
import { ArgumentError, CancelledError } from "../errors";
import type { RunInputs } from "../graph/inputs";
import type { PatchMap } from "../graph/patchScope";
import type { GraphRunner } from "../graph/runner";
import type { Tensor } from "../tensor/tensor";
import { runBase } from "./baseRun";
import type { CellRuns } from "./cell";
import { type Axis, type Cells, readCells } from "./cells";
import { type RunSettings, runChunk, runPlain, ShapesDiffer, startValues } from "./chunkRun";
import { CostModel } from "./cost";
import { type CellGroup, groupCells } from "./groups";
import type { Metric, MetricFunction } from "./metrics";
import { readPositions } from "./positions";
import { SweepReport } from "./report";
import { SweepCancelledError, SweepResult } from "./result";
import { prepareSweep, type SweepJob } from "./setup";
import { selectPositions } from "./stacking";

/** Ways of saving work that a sweep may use; each is exact to rounding. All are on unless turned off. */
export interface SweepLevels {
  /** Begin at the patched nodes, with what the base run has there. */
  upstream?: boolean;
  /** Run cells that patch the same nodes in one batch. */
  batch?: boolean;
  /** Run what treats each position by itself, at the end, only for the positions that the metric reads. */
  positions?: boolean;
  /** Multiply by packed weights (see `optimize`). */
  packed?: boolean;
}

/** A cell that is done. */
export interface DoneCell {
  /** In row-major order. */
  index: number;
  /** One number a text. */
  samples: readonly number[];
}

export interface SweepOptions<N extends string = string> {
  inputs: RunInputs;
  /** Patches by node for each cell, in nested lists: `cells[layer][position]`. */
  cells: Cells<N>;
  /** `logProbability({ token })` or another built-in metric; or a function of one cell's outputs by name. */
  metric: Metric | MetricFunction;
  /** For a function: the nodes whose values it is given; the model's logits or only output unless given. */
  outputs?: readonly N[];
  /** For a function: positions of dimension 1 that it reads; its outputs are cut to them. All unless given. */
  positions?: readonly number[];
  /** Patches that hold in every cell, before the cell's own. */
  base?: PatchMap<N>;
  /** Names of the grid's axes, with what their places are called. */
  axes?: readonly (Axis | string)[];
  /** Runs each cell by itself, as `pg.patch(cell, () => pg.run(inputs))` does. */
  exact?: boolean;
  levels?: SweepLevels;
  /** Bytes that the cells of one batch, and packed weights, may take, each estimated; 1 GiB unless given. One cell is always run. */
  memoryLimit?: number;
  /** Cancels between two operators; what was done is in the error's `result`. */
  signal?: AbortSignal;
  /** Called with the cells that were just measured. */
  onCells?: (cells: readonly DoneCell[]) => void;
  /** What an earlier sweep of the same cells has done already. */
  resume?: SweepResult;
}

const DEFAULT_MEMORY = 2 ** 30;

/** Packing all weights takes about as long as running a few cells. */
const WORTH_PACKING = 8;

/** As far as a batch may differ from the cell run by itself, relative to the largest number compared. */
const TOLERANCE = 1e-4;

/** See `PatchableGraph.sweep`. */
export async function sweep(runner: GraphRunner, options: SweepOptions): Promise<SweepResult> {
  const started = performance.now();
  const job = prepareSweep(runner, options);
  const run = new SweepRun(job, options);
  try {
    await run.all();
  } catch (error) {
    if (error instanceof CancelledError) throw new SweepCancelledError(run.result(started));
    throw error;
  } finally {
    if (run.usesPacked) await runner.unpack();
  }
  return run.result(started);
}

class SweepRun {
  readonly #samples: (readonly number[])[];
  readonly #report: SweepReport;
  readonly #levels: Required<SweepLevels>;
  #base: readonly number[] = [];
  #baseOutputs: Tensor[] = [];
  #baseTime = 0;
  #batch = 1;
  /** Why no cells of this graph share a batch, once it is found out. */
  #mixes: string | null = null;
  #checked = false;
  usesPacked = false;
  private readonly runs: CellRuns;

  constructor(
    private readonly job: SweepJob,
    private readonly options: SweepOptions,
  ) {
    this.runs = cellRuns(job, options);
    const { resume, levels, exact = false } = options;
    if (resume && String(resume.shape) !== String(job.axes.map(({ labels }) => labels.length))) {
      throw new ArgumentError("resume: the earlier sweep had cells of another shape");
    }
    this.#samples = job.cells.map((_, i) => resume?.samples[i] ?? []);
    this.#report = new SweepReport();
    this.#levels = {
      upstream: !exact,
      batch: !exact,
      positions: !exact,
      packed: !exact,
      ...(exact ? {} : levels),
    };
  }

  async all(): Promise<void> {
    const { job, options } = this;
    const wanted = job.cells.flatMap((_, i) => (this.#samples[i].length === 0 ? [i] : []));
    const { groups, plain } = this.#levels.upstream ? groupCells(job, wanted) : { groups: [], plain: wanted };
    const { values, milliseconds } = await runBase(job, groups, options.signal);
    this.#baseTime = milliseconds;
    const outputs = job.outputs.map((value) => values.get(value) as Tensor);
    this.#batch = outputs[0].shape[0] ?? 1;
    const positions = readPositions(job.metric, outputs);
    this.#baseOutputs = positions ? outputs.map((value) => selectPositions(value, positions)) : outputs;
    this.#base = await this.#measure(this.#baseOutputs, positions, 1);
    const whyNotPacked = this.#whyNotPacked(wanted.length);
    this.usesPacked = whyNotPacked === null;
    const settings: RunSettings = {
      job,
      base: values,
      packed: this.usesPacked,
      positions,
      signal: options.signal,
    };
    this.#report.whyNotPacked = job.runner.isPacked ? null : whyNotPacked;
    for (const group of groups) await this.#group(settings, group);
    for (const cell of plain) await this.#plain(settings, cell);
  }

  #whyNotPacked(cells: number): string | null {
    if (!this.#levels.packed || !this.#levels.upstream) return this.options.exact ? "exact" : "turned off";
    if (cells < WORTH_PACKING) return "too few cells to be worth it";
    const limit = this.options.memoryLimit ?? DEFAULT_MEMORY;
    return new CostModel(this.job).packedBytes() > limit ? "the weights do not fit the memory limit" : null;
  }

  async #group(settings: RunSettings, group: CellGroup): Promise<void> {
    const together = this.#levels.positions ? group : { ...group, tail: null };
    const why = this.#levels.batch ? (group.alone ?? this.#mixes) : "turned off";
    const size = why === null ? this.#chunkSize(group) : 1;
    for (let i = 0; i < group.cells.length; i += size) {
      await this.#chunk(settings, together, group.cells.slice(i, i + size), why);
    }
  }

  #chunkSize(group: CellGroup): number {
    const each = new CostModel(this.job).peak(group.cone);
    return Math.max(1, Math.floor((this.options.memoryLimit ?? DEFAULT_MEMORY) / Math.max(each, 1)));
  }

  async #chunk(
    settings: RunSettings,
    group: CellGroup,
    cells: readonly number[],
    why: string | null,
  ): Promise<void> {
    const starts: Tensor[][] = [];
    for (const cell of cells) starts.push(await startValues(settings, group, cell));
    const fits = starts.map((values) =>
      values.every((value, i) => sameKind(value, settings.base.get(group.cone.starts[i]))),
    );
    const together = cells.filter((_, i) => fits[i]);
    const alone = cells.filter((_, i) => !fits[i]);
    const startsOf = (cell: number) => starts[cells.indexOf(cell)];
    if (why === null && this.#mixes === null && together.length > 1) {
      const outputs = await this.#batchRun(settings, group, together, startsOf);
      if (outputs) {
        await this.#finish(settings, group, together, outputs, null);
        together.length = 0;
      }
    }
    for (const cell of [...together, ...alone]) {
      const outputs = await runChunk(settings, group, [cell], [startsOf(cell)]);
      const single = cells.length === 1 ? "alone in its group or in the memory limit" : "another shape";
      await this.#finish(settings, group, [cell], outputs, why ?? this.#mixes ?? single);
    }
  }

  /** Cells in one batch; null when they turn out not to fit one. The first batch is compared with one of its cells by itself. */
  async #batchRun(
    settings: RunSettings,
    group: CellGroup,
    cells: readonly number[],
    startsOf: (cell: number) => Tensor[],
  ): Promise<Tensor[] | null> {
    try {
      const outputs = await runChunk(settings, group, cells, cells.map(startsOf));
      if (!this.#checked) {
        const last = cells.length - 1;
        const single = await runChunk(settings, group, [cells[last]], [startsOf(cells[last])]);
        if (!outputs.every((value, i) => agrees(value, single[i], last, cells.length))) {
          this.#mixes = "a batch of cells gives other values than its cells by themselves";
          return null;
        }
        this.#checked = true;
      }
      return outputs;
    } catch (error) {
      if (!(error instanceof ShapesDiffer)) throw error;
      return null;
    }
  }

  async #finish(
    settings: RunSettings,
    group: CellGroup,
    cells: readonly number[],
    outputs: Tensor[],
    whyAlone: string | null,
  ): Promise<void> {
    await this.#record(settings, cells, outputs);
    this.#report.cells(cells.length, {
      upstream: null,
      batch: whyAlone,
      positions: this.#whyAllPositions(settings, group),
    });
  }

  #whyAllPositions({ positions }: RunSettings, group: CellGroup): string | null {
    if (!this.#levels.positions) return "turned off";
    if (!positions) return "the metric reads all positions";
    return group.tail ? null : "the outputs are not made position by position";
  }

  async #plain(settings: RunSettings, cell: number): Promise<void> {
    await this.#record(settings, [cell], await runPlain(settings, cell));
    const why = this.options.exact
      ? "exact"
      : this.#levels.upstream
        ? "patches a size, or the graph has branches or loops"
        : "turned off";
    this.#report.cells(1, { upstream: why, batch: why, positions: why });
  }

  async #record({ positions }: RunSettings, cells: readonly number[], outputs: Tensor[]): Promise<void> {
    const samples = await this.#measure(outputs, positions, cells.length);
    const each = samples.length / cells.length;
    const done = cells.map((index, i) => ({ index, samples: samples.slice(i * each, (i + 1) * each) }));
    for (const { index, samples: own } of done) this.#samples[index] = own;
    if (this.job.metric.stacks) for (const value of outputs) value.dispose();
    this.options.onCells?.(done);
  }

  async #measure(outputs: Tensor[], positions: readonly number[] | null, count: number): Promise<number[]> {
    const { metric } = this.job;
    const batch = this.#batch;
    const base = { outputs: this.#baseOutputs, positions, batch };
    if (metric.stacks || count === 1) return [...(await metric.measure({ outputs, positions, batch }, base))];
    const samples: number[] = [];
    for (let i = 0; i < count; i++) {
      const own = outputs.map((value) => value.narrow(0, i * batch, batch));
      samples.push(...(await metric.measure({ outputs: own, positions, batch }, base)));
    }
    return samples;
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
      this.runs,
    );
  }
}

/** Runs single cells again, in the scopes that the sweep was called in. */
function cellRuns({ runner }: SweepJob, options: SweepOptions): CellRuns {
  const { cells } = readCells(options.cells);
  const inScopes = AsyncLocalStorage.snapshot();
  const { inputs, metric, outputs, positions, base, memoryLimit } = options;
  const alone = { inputs, metric, outputs, positions, base, memoryLimit, exact: true };
  return {
    patches: (cell) => cells[cell],
    run: async (cell) => {
      const { samples } = await inScopes(() => sweep(runner, { ...alone, cells: [cells[cell]] }));
      return samples[0];
    },
  };
}

function sameKind(value: Tensor, base: Tensor | undefined): boolean {
  return base !== undefined && String(value.shape) === String(base.shape) && value.dtype === base.dtype;
}

/** Whether the last of `count` cells has the values that it has by itself. */
function agrees(batched: Tensor, single: Tensor, index: number, count: number): boolean {
  const size = batched.shape[0] / count;
  if (size !== single.shape[0]) return false;
  const own = batched.narrow(0, index * size, size).double();
  const wanted = single.double();
  const scale = Number(wanted.abs().max().item());
  const difference = Number(own.sub(wanted).abs().max().item());
  return Number.isNaN(scale) || difference <= TOLERANCE * Math.max(scale, 1e-6);
}
