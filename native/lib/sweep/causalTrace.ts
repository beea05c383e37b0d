import { checkChoice, checkCount, checkInteger } from "../checks";
import { ArgumentError } from "../errors";
import { Dataflow } from "../graph/dataflow";
import { tokensOf, tokenText } from "../graph/dimensions";
import type { RunInputs } from "../graph/inputs";
import type { GraphRunner } from "../graph/runner";
import { AddPatch, ReplacePatch } from "../patches/valuePatches";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { labelBatch } from "./batchRules";
import { type BlockNodes, findBlocks } from "./blocks";
import { logProbability, type Metric, probability } from "./metrics";
import { SweepResult, type SweepTimings } from "./result";
import { defaultOutput } from "./setup";
import { repeatRows, splitRows } from "./stacking";
import { type Subject, subjectTokens } from "./subject";
import { sweep } from "./sweep";
import type { SweepOptions } from "./sweepOptions";
import { tensorOf } from "./tensorOf";
import { allEmbeddings, findEmbedding } from "./tokenEmbedding";
import { CausalTrace, TRACE_KINDS, type TraceKind } from "./trace";

export interface CausalTraceOptions
  extends Pick<SweepOptions, "memoryLimit" | "signal" | "exact" | "levels" | "onCells"> {
  /** One text: a dictionary with `input_ids` [1, seq], or the ids themselves. */
  inputs: RunInputs;
  /** The subject's words ("The Eiffel Tower"), or its tokens from the first up to, but not with, the second. */
  subject: Subject;
  /** The token whose probability at the last position is measured; the model's own first choice unless given. */
  target?: number;
  /** Noise on the subject's embeddings, in standard deviations of the model's embeddings; 3 unless given. */
  noise?: number;
  /** Runs with noise to average over; 10 unless given. */
  samples?: number;
  /** Layers that a window restores for `mlp` and `attention`; 10 unless given, and no more than the model has. */
  window?: number;
  /** All three unless given. */
  kinds?: readonly TraceKind[];
  /** Only cells of these layers; all unless given. */
  layers?: readonly number[];
  seed?: number;
  metric?: "probability" | "log-probability";
  /** For models whose blocks are not found. */
  nodes?: BlockNodes;
}

/**
 * Causal tracing of Meng et al. 2022 ("Locating and Editing Factual Associations in GPT", §2.1): Gaussian noise on the embeddings
 * of the subject's tokens, then in each cell the clean run's value is put back at one token: of one block's output (`states`), or of all
 * MLP or attention modules in a window of layers around the cell's layer.
 * @param expect is told how many cells there will be
 * @throws ArgumentError for inputs with several texts, and a subject, target or layers that do not fit.
 */
export async function causalTrace(
  runner: GraphRunner,
  options: CausalTraceOptions,
  expect: (cells: number) => void = () => undefined,
): Promise<CausalTrace> {
  const { noise = 3, samples = 10, window = 10, seed = 0 } = options;
  const kinds = options.kinds ?? ["states", "mlp", "attention"];
  const inputs = runner.bind(options.inputs).map(tensorOf);
  if (inputs.some(({ shape }) => shape[0] !== 1))
    throw new ArgumentError("causalTrace takes one text at a time");
  checkOptions({ ...options, noise, samples, window, seed, kinds });
  const nodes = options.nodes ?? findBlocks(runner.captured.index.infos);
  const embedding = findEmbedding(runner);
  const length = inputs[embedding.input].shape[1];
  const known = tokensOf(options.inputs);
  const [from, to] = subjectTokens(options.subject, known, length);
  const target = options.target ?? (await firstChoice(runner, inputs));
  const weight = await allEmbeddings(runner, inputs, embedding);
  const deviation = Number(weight.float().std().item());
  const generated = gaussian([samples, to - from, weight.shape[1]], seed)
    .mul(noise * deviation)
    .to(weight.dtype);
  // All noise samples in one batch, unless the model mixes texts.
  const sets = keepsTextsApart(runner) ? [generated] : splitRows(generated, samples);
  // As many texts as in the runs with noise: what noise does not reach is then the same to the last bit there, and nothing is computed for it.
  const repeated = inputs.map((input) => repeatRows(input, sets[0].shape[0]));
  const restore = restoringPatches(await cleanValues(runner, repeated, nodes, kinds));
  const metric: Metric = (options.metric === "log-probability" ? logProbability : probability)({
    token: target,
  });
  const texts = known ?? Array.from({ length }, (_, t) => String(t));
  const layers = chosenLayers(options.layers, nodes.states.length);
  const axes = [
    { name: "layer", labels: layers.map(String) },
    { name: "token", labels: texts },
  ];
  const { memoryLimit, signal, exact, levels, onCells } = options;
  const common = {
    metric,
    axes,
    memoryLimit,
    signal,
    exact,
    levels,
    onCells,
  };
  expect(kinds.length * layers.length * length * sets.length);
  const grids: Partial<Record<TraceKind, SweepResult>> = {};
  for (const kind of kinds) {
    const cells = layers.map((layer) =>
      Array.from({ length }, (_, token) =>
        Object.fromEntries(
          windowOf(kind, layer, window, nodes[kind].length).map((at) => {
            const node = nodes[kind][at];
            return [node, restore(node, token)];
          }),
        ),
      ),
    );
    const parts: SweepResult[] = [];
    for (const value of sets) {
      const base = {
        [embedding.name]: new AddPatch({ value, slice: [{}, { start: from, stop: to }] }),
      };
      const inputsOf = repeatInputs(options.inputs, value.shape[0]);
      parts.push(await sweep(runner, { ...common, inputs: inputsOf, cells, base }));
    }
    grids[kind] = joinSamples(parts);
  }
  const undisturbedRun = { inputs: options.inputs, axes: undefined, cells: {}, exact: true };
  const [undisturbed] = (await sweep(runner, { ...common, ...undisturbedRun, onCells: undefined })).base;
  const [corrupted] = Object.values(grids).map((grid) => grid.base);
  const answer = tokenText(options.inputs, target);
  const subject: [number, number] = [from, to];
  return new CausalTrace({ clean: undisturbed, corrupted, grids, target, answer, subject, window });
}

/** @throws ArgumentError for numbers and names that make no trace. */
function checkOptions(
  options: CausalTraceOptions &
    Required<Pick<CausalTraceOptions, "noise" | "samples" | "window" | "seed" | "kinds">>,
): void {
  const { noise, samples, window, seed, kinds, nodes, metric = "probability" } = options;
  if (!Number.isFinite(noise)) throw new ArgumentError(`noise must be a finite number, it is ${noise}`);
  checkCount("samples", samples);
  checkCount("window", window);
  checkInteger("seed", seed);
  checkChoice("metric", metric, ["probability", "log-probability"]);
  if (kinds.length === 0) throw new ArgumentError("kinds is empty: give some of states, mlp, attention");
  for (const kind of kinds) {
    checkChoice("a kind", kind, TRACE_KINDS);
    if (nodes && nodes[kind]?.length !== nodes.states.length) {
      throw new ArgumentError(
        `nodes: ${nodes[kind]?.length ?? "no"} nodes in ${kind}, ${nodes.states.length} in states; there must be one for each layer`,
      );
    }
  }
}

/** The token that the model finds most probable at the end. */
async function firstChoice(runner: GraphRunner, inputs: Tensor[]): Promise<number> {
  const outputs = [runner.captured.index.resolve(defaultOutput(runner)).value];
  const scopes = runner.scopes();
  const [logits] = await runner.run({ inputs, tokens: null, scopes, outputs, packed: runner.isPacked });
  return Number(tensorOf(logits).at("0, -1").argmax(-1).item());
}

/** @throws ArgumentError for layers that the model does not have. */
function chosenLayers(given: readonly number[] | undefined, count: number): readonly number[] {
  if (!given) return Array.from({ length: count }, (_, layer) => layer);
  const wrong = given.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer < count));
  if (wrong !== undefined) throw new ArgumentError(`layers: there is no layer ${wrong} of ${count}`);
  if (given.length === 0) throw new ArgumentError("layers: there are none");
  return given;
}

function keepsTextsApart(runner: GraphRunner): boolean {
  const output = runner.captured.index.resolve(defaultOutput(runner)).value;
  return labelBatch(new Dataflow(runner.captured)).get(output) === "rows";
}

/** Results of the same cells with different noise as one. */
function joinSamples(parts: readonly SweepResult[]): SweepResult {
  const [first] = parts;
  const sum = (read: (timings: SweepTimings) => number) =>
    parts.reduce((total, { timings }) => total + read(timings), 0);
  return new SweepResult(
    first.label,
    first.axes,
    first.samples.map((_, cell) => parts.flatMap(({ samples }) => samples[cell])),
    parts.flatMap(({ base }) => base),
    { base: sum(({ base }) => base), cells: sum(({ cells }) => cells), total: sum(({ total }) => total) },
    first.levels,
    {
      patches: (cell) => first.runs?.patches(cell) ?? {},
      run: async (cell) => (await Promise.all(parts.map(({ runs }) => runs?.run(cell) ?? []))).flat(),
    },
  );
}

/** Layers that a cell restores: for windows, as many below the layer as above, as far as the model reaches (ROME's `trace_important_window`). */
function windowOf(kind: TraceKind, layer: number, window: number, layers: number): number[] {
  if (kind === "states") return [layer];
  const first = Math.max(0, layer - Math.floor(window / 2));
  const end = Math.min(layers, layer + Math.ceil(window / 2));
  return Array.from({ length: Math.max(end - first, 1) }, (_, i) => first + i);
}

/** Patches that put back a clean value at one token. The same for all cells, so that cells which begin with the same ones share what these do. */
function restoringPatches(clean: ReadonlyMap<string, Tensor>): (node: string, token: number) => ReplacePatch {
  const known = new Map<string, ReplacePatch>();
  return (node, token) => {
    const key = `${token} ${node}`;
    const value = clean.get(node);
    if (!value) throw new ArgumentError(`causalTrace has no clean value of ${node}`);
    const patch = known.get(key) ?? new ReplacePatch({ value: value.at([{}, token]), slice: [{}, token] });
    known.set(key, patch);
    return patch;
  };
}

/** Values of the run without noise: [texts, seq, …] each. */
async function cleanValues(
  runner: GraphRunner,
  inputs: Tensor[],
  nodes: BlockNodes,
  kinds: readonly TraceKind[],
) {
  const names = kinds.flatMap((kind) => nodes[kind]);
  const outputs = names.map((name) => runner.captured.index.resolve(name).value);
  const values = await runner.run({
    inputs,
    tokens: null,
    scopes: runner.scopes(),
    outputs,
    packed: runner.isPacked,
  });
  return new Map(names.map((name, i) => [name, tensorOf(values[i])]));
}

function repeatInputs(inputs: RunInputs, count: number): RunInputs {
  if (inputs instanceof Tensor) return repeatRows(inputs, count);
  const repeat = (value: unknown) => (value instanceof Tensor ? repeatRows(value, count) : value);
  if (Array.isArray(inputs)) return inputs.map(repeat);
  return Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, repeat(value)]));
}

/** Normal numbers that depend on the seed alone, whatever else the program draws. */
function gaussian(shape: number[], seed: number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  let state = BigInt(seed) & 0xffffffffffffffffn;
  /** SplitMix64 (Steele, Lea & Flood 2014); the upper 53 bits as a number in (0, 1]. */
  const uniform = (): number => {
    state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return (Number((mixed ^ (mixed >> 31n)) >> 11n) + 1) / 2 ** 53;
  };
  // Box & Muller's transform.
  const values = Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  return torch.tensor(values).reshape(shape);
}
