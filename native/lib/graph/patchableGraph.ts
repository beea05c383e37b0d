import { type AttributionOptions, attributionPatch } from "../attribution/attributionPatch";
import type { AttributionResult } from "../attribution/result";
import { activeSignal } from "../cancellation";
import { type DiffOptions, diffRuns, type RunSide } from "../difference/diffRuns";
import type { RunDifference } from "../difference/result";
import { CancelledError, PatchError } from "../errors";
import type { Module } from "../nn/module";
import { Patch } from "../patches/patch";
import { ProbePatch } from "../patches/probePatch";
import { type AverageTrace, type AverageTraceOptions, averageTrace } from "../sweep/averageTrace";
import { type CausalTraceOptions, causalTrace } from "../sweep/causalTrace";
import { type LensReading, type LogitLensOptions, logitLens } from "../sweep/logitLens";
import { native } from "../sweep/native";
import { planSweep } from "../sweep/planSweep";
import { countCells, showCells } from "../sweep/showCells";
import { sweep } from "../sweep/sweep";
import type { Sweep, SweepOptions } from "../sweep/sweepOptions";
import type { CausalTrace } from "../sweep/trace";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { SaveOptions } from "../weights/safetensorsWriter";
import { type CapturedGraph, capture } from "./capture";
import { GraphDetails, type NodeDetails } from "./details";
import { tokensOf } from "./dimensions";
import { buildTree, formatTree, type GraphPlace, type GraphTree } from "./graphTree";
import { bindInputs, forwardArguments, type RunInputs } from "./inputs";
import { type LoadOptions, openGraph } from "./load";
import { engine, type NativeGraph, type NativeProgress, type NativeRun, type RunValue } from "./native";
import type { NodeInfo } from "./nodeIndex";
import type { AnyNodes, NodeName, NodeNames, Patches, PatchMap } from "./nodeTypes";
import { deliverOutcomes } from "./outcomes";
import { collectPatches, customPatchOf, type PatchList } from "./patchRun";
import {
  activeScopes,
  enterScope,
  type NodePatches,
  newScope,
  type PatchScope,
  runInScope,
  runUnpatched,
  warnUnfired,
} from "./patchScope";
import { saveGraph } from "./persist/saveGraph";
import { PlanCache } from "./planCache";
import { callRegistered } from "./registeredCalls";
import { graphRegistry } from "./registry";
import type { GraphRunner, RunRequest } from "./runner";
import { unflatten } from "./structure";

/** Options of a run. */
export interface RunOptions {
  /** Cancels the run between two nodes; it then rejects with CancelledError. */
  signal?: AbortSignal;
}

/** What a model returns, as a run gives it. */
export type OutputOf<M extends Module> = Awaited<ReturnType<M["forward"]>>;

/** What a run returns: what the model does, or tensors by name where nodes `K` were asked for. */
export type RunResult<M extends Module, K> = [K] extends [never] ? OutputOf<M> : Record<string, Tensor>;

/** Makes a new graph known to user interfaces. */
function registered<G extends { readonly id: string }>(graph: G): G {
  graphRegistry.add(graph as unknown as PatchableGraph);
  return graph;
}

/** Promises of notebook cells are of another realm, so not `instanceof Promise`. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null)?.then === "function";
}

let nextId = 1;

/**
 * A captured model in which every intermediate value is a named node that can be probed and patched.
 *
 * @example
 * const pg = await PatchableGraph.capture(model, inputs);
 * const { logits } = await pg.patch({ "transformer.h_17.mlp": new ZeroPatch() }, () => pg.run(inputs));
 */
export class PatchableGraph<M extends Module = Module, Nodes extends NodeNames = AnyNodes> {
  readonly id = `graph-${nextId++}`;
  readonly #captured: CapturedGraph;
  readonly #native: NativeGraph;
  readonly #plans: PlanCache;
  #tree: GraphTree | null = null;
  #details: GraphDetails | null = null;
  /** Scopes of probes that are in force in every run, and what to call after one. */
  readonly #watches = new Map<PatchScope, () => void>();
  #packed = false;
  /** Whether the last run that was told of had patches. */
  #hadPatches = false;

  private constructor(captured: CapturedGraph) {
    this.#captured = captured;
    this.#native = engine.createGraph(captured.spec);
    this.#plans = new PlanCache(this.#native);
  }

  /**
   * Traces `model` on example inputs. Sizes that the model takes from its inputs stay symbolic, so the graph serves
   * other batch sizes and sequence lengths.
   * @param inputs what `model.call` takes: a dictionary (as a tokenizer returns it), a tensor, or a list of arguments.
   * @throws CaptureError when the model does what a graph cannot hold, naming the module.
   */
  static async capture<M extends Module, Nodes extends NodeNames = AnyNodes>(
    model: M,
    inputs: RunInputs,
  ): Promise<PatchableGraph<M, Nodes>> {
    const graph = new PatchableGraph<M, Nodes>(capture(model, forwardArguments(inputs)));
    return registered(graph);
  }

  /**
   * Opens a graph that {@link save} wrote, or an archive of `torch.export.save` (`.pt2`): any PyTorch model. Weights are mapped, not read, and frozen as those of loaded models are; nothing
   * in the file is run. A file from a stranger is checked in full and holds only operators that compute tensors from
   * tensors.
   * @throws MissingFileError, CorruptFileError naming the file and the field that is wrong, UnsafeFileError naming a node
   *   whose operator is refused, UnknownOperatorError, ArgumentError for another kind of file, saying what opens it.
   * @typeParam Nodes names of its nodes, from a file that `graphpatch types` wrote.
   * @throws UnsupportedExportError, PickledDataError naming what else an archive holds that cannot be run.
   */
  static async load<M extends Module = Module, Nodes extends NodeNames = AnyNodes>(
    path: string,
    options: LoadOptions = {},
  ): Promise<PatchableGraph<M, Nodes>> {
    const graph = await openGraph(path, options, (captured) => new PatchableGraph<M, Nodes>(captured));
    return registered(graph);
  }

  /**
   * Writes the graph with its weights to one file, for {@link load}; the file is a safetensors file, whose tensors any
   * reader of that format finds. A file that stands at `path` is replaced once the new one is complete. Patches are not
   * part of a graph.
   * @throws ArgumentError, DtypeError before anything is written, naming what cannot be saved; FileWriteError,
   *   CancelledError.
   */
  save(path: string, options: SaveOptions = {}): Promise<void> {
    return saveGraph(path, this.#captured, options);
  }

  /**
   * The tensors that the graph holds, by their names in the model's state dictionary; a tied one comes once. Turning on
   * `requires_grad` of one lets runs record gradients for it.
   */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#captured.spec.constants.map(({ name, tensor }) => [name, tensor]));
  }

  /** Class of the model. */
  get label(): string {
    return this.#captured.label;
  }

  /** All nodes by name, in execution order. */
  get nodes(): ReadonlyMap<string, NodeInfo> {
    return this.#captured.index.infos;
  }

  /**
   * Nodes by other names that they go by, wherever a name is taken: TransformerLens' (`blocks.0.hook_resid_pre`) for the
   * decoders of this library. The values are the model's own, in its own layout.
   */
  get aliases(): ReadonlyMap<string, string> {
    return this.#captured.index.aliases;
  }

  /** The tree of modules and nodes, to walk with completion. */
  get graph(): GraphTree {
    this.#tree ??= buildTree(this.nodes.values());
    return this.#tree;
  }

  /** What is known of the node that `name` means (a module's path means its output). @throws UnknownNodeError */
  node<K extends string | GraphPlace>(name: NodeName<K, Nodes>): NodeInfo;
  node(name: unknown): NodeInfo {
    return this.#captured.index.resolve(String(name)).info;
  }

  /**
   * The node with what surrounds it: what it is computed from and what from it, its operator's signature, its device.
   * @throws UnknownNodeError
   */
  details<K extends string | GraphPlace>(name: NodeName<K, Nodes>): NodeDetails;
  details(name: unknown): NodeDetails {
    this.#details ??= new GraphDetails(this.#captured);
    return this.#details.details(this.#captured.index.resolve(String(name)).info);
  }

  /**
   * Looks at a node in every later run of this graph, whoever starts it, until the result is disposed. Outputs and gradients are as
   * without. Runs of sweeps are not looked at.
   * @param seen called after each run that reached the node; `probe.activation` is its value, after all patches.
   * @throws UnknownNodeError
   */
  watch<K extends string | GraphPlace>(
    name: NodeName<K, Nodes>,
    seen: (probe: ProbePatch) => void,
  ): Disposable;
  watch(name: unknown, seen: (probe: ProbePatch) => void): Disposable {
    const { info, value } = this.#captured.index.resolve(String(name));
    const probe = new ProbePatch();
    const entries = [{ node: info.name, value, patches: [probe] }];
    const scope: PatchScope = {
      owner: this,
      entries,
      parent: null,
      runs: 0,
      fired: new Set(),
      isWatch: true,
    };
    this.#watches.set(scope, () => {
      if (probe.fired) seen(probe);
    });
    return { [Symbol.dispose]: () => void this.#watches.delete(scope) };
  }

  /**
   * Applies `patches` to the runs inside `body`, and to no others: runs of other asynchronous flows do not see them.
   * Scopes nest; patches of outer ones come first. Without `body` the scope lasts until it is disposed
   * (`using scope = pg.patch(…)`).
   * @throws UnknownNodeError before anything runs, with the closest names.
   */
  patch<T = Disposable>(patches: PatchMap<Nodes>, body?: () => T): T;
  patch(patches: object, body?: () => unknown): unknown {
    const scope = newScope(this, this.#resolvePatches(patches));
    if (body) return this.#runBody(scope, body);
    const leave = enterScope(scope);
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        leave();
        warnUnfired(scope);
      },
    };
  }

  #runBody<T>(scope: PatchScope, body: () => T): T {
    const result = runInScope(scope, body);
    if (!isThenable(result)) {
      warnUnfired(scope);
      return result;
    }
    const warned = result.then((value) => {
      warnUnfired(scope);
      return value;
    });
    return warned as T;
  }

  #resolvePatches(patches: object): NodePatches[] {
    const entries: NodePatches[] = [];
    for (const [name, given] of Object.entries<Patches | undefined>(patches as PatchMap)) {
      if (given === undefined) continue;
      const { info, value } = this.#captured.index.resolve(name);
      const list: Patch[] = given instanceof Patch ? [given] : [given].flat();
      for (const patch of list) {
        if (!(patch instanceof Patch)) {
          throw new PatchError(
            `"${name}": expected a patch or a list of patches (new ZeroPatch(), …), got ${typeof patch}`,
          );
        }
      }
      entries.push({ node: info.name, value, patches: list });
    }
    return entries;
  }

  /**
   * Runs the graph with the patches in force and returns what the model returns; with `outputs`, runs only what the nodes named there
   * need, and returns their values by name.
   * @throws UnknownNodeError before anything runs, with the closest names; CancelledError.
   */
  run<K extends string | GraphPlace = never>(
    inputs: RunInputs,
    options?: RunOptions & { outputs?: readonly NodeName<K, Nodes>[] },
  ): Promise<RunResult<M, K>>;
  async run(
    inputs: RunInputs,
    options: RunOptions & { outputs?: readonly unknown[] } = {},
  ): Promise<unknown> {
    const { index, output } = this.#captured;
    const wanted = options.outputs?.map((name) => index.resolve(String(name)).value);
    const values = await this.#execute(inputs, wanted ?? output.values, options.signal);
    if (!options.outputs) return unflatten(output.structure, values);
    return Object.fromEntries(options.outputs.map((name, i) => [String(name), values[i]]));
  }

  /**
   * Lets runs reorder arithmetic for speed: weights of linear layers are laid out for the processor beforehand (oneDNN, float32 on
   * CPU). Logits differ from the exact ones by rounding, within 1e-4 of their size. Takes as much memory again as these weights.
   * Runs that record gradients, and weights that are patched, are computed as before; a weight that is edited in place is packed
   * again. `optimize(false)` undoes it.
   * @returns how many weights are packed, and their bytes.
   */
  async optimize(on = true): Promise<{ packed: number; bytes: number }> {
    this.#packed = on;
    if (!on) {
      await engine.unpackWeights(this.#native);
      return { packed: 0, bytes: 0 };
    }
    const outputs = this.#captured.output.values;
    const plan = this.#plans.get({
      outputs,
      patched: [],
      observed: [],
      replaced: [],
      changed: [],
      packed: true,
    });
    const { count, bytes } = await engine.packWeights(plan);
    return { packed: count, bytes };
  }

  #execute(inputs: RunInputs, outputs: number[], signal?: AbortSignal): Promise<RunValue[]> {
    return this.#runWith({
      inputs: bindInputs(this.#captured, inputs),
      tokens: tokensOf(inputs),
      scopes: [...activeScopes(this), ...this.#watches.keys()],
      outputs,
      packed: this.#packed,
      gradEnabled: torch.isGradEnabled(),
      signal,
    });
  }

  async #runWith(request: RunRequest): Promise<RunValue[]> {
    return (await this.#runKeeping(request, [])).values;
  }

  /** A run; with `kept`, the addon keeps what is needed to begin again at these values. */
  async #runKeeping(request: RunRequest, kept: readonly number[]) {
    const { inputs, scopes, outputs, packed, gradEnabled, signal } = request;
    const list = collectPatches(
      scopes,
      (node) => this.#captured.index.infoOf(node),
      this.#hasCapturedShapes(inputs),
    );
    const { observed, replaced, changed } = list;
    const patched = kept.length === 0 ? list.patched : [...new Set([...list.patched, ...kept])];
    const plan = this.#plans.get({ outputs, patched, observed, replaced, changed, packed });
    for (const scope of scopes) scope.runs++;
    const run = engine.startRun(
      plan,
      inputs,
      list.placed.map(({ native }) => native),
      gradEnabled,
    );
    if (kept.length > 0) native.keepValues(run, kept, this.#packed);
    const result = await this.#advance(run, list, signal);
    if (result.fired && result.outcomes) {
      const report = { fired: result.fired, outcomes: result.outcomes, tokens: request.tokens };
      deliverOutcomes(report, list.placed);
    }
    if (!request.quiet) this.#announce(list);
    return { values: result.outputs, run, placed: list.placed.map(({ patch }) => patch) };
  }

  /** What sweeps need of this graph. */
  get #runner(): GraphRunner {
    return {
      captured: this.#captured,
      isPacked: this.#packed,
      scopes: () => activeScopes(this),
      newScope: (patches) => newScope(this, this.#resolvePatches(patches)),
      bind: (inputs) => bindInputs(this.#captured, inputs),
      run: (request) => this.#runWith({ gradEnabled: false, ...request, quiet: true }),
      keep: ({ patched, ...request }) =>
        this.#runKeeping({ ...request, gradEnabled: false, quiet: true }, patched),
    };
  }

  async #advance(run: NativeRun, list: PatchList, own?: AbortSignal) {
    const signal = activeSignal(own);
    const cancel = () => engine.cancelRun(run);
    if (signal?.aborted) throw new CancelledError("the run was cancelled before it began");
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      let progress = await engine.advanceRun(run);
      while (!progress.done) {
        const result = await this.#askJavaScript(progress, list);
        progress = await engine.advanceRun(run, result);
      }
      return progress;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** What a custom patch makes of a value, or an operator written in TypeScript of its arguments. */
  #askJavaScript(
    progress: NativeProgress & { done: false },
    list: PatchList,
  ): Promise<RunValue | readonly Tensor[]> | RunValue | readonly Tensor[] {
    if (progress.call !== undefined) {
      const { call, args } = progress;
      return runUnpatched(() => callRegistered(call, this.#captured.operators, args));
    }
    const placed = list.placed[progress.patch];
    const { value } = progress;
    return runUnpatched(() => customPatchOf(placed).apply(value, placed.info.name));
  }

  #hasCapturedShapes(values: RunValue[]): boolean {
    return this.#captured.inputs.every(({ shape }, i) => {
      const given = values[i];
      return !(given instanceof Tensor) || shape.every((size, dim) => size === given.shape[dim]);
    });
  }

  #announce({ placed }: PatchList): void {
    if (graphRegistry.listenerCount("ran") > 0) {
      const patches = placed
        .filter(({ scope }) => !scope.isWatch)
        .map(({ info, patch }) => ({ node: info.name, patch }));
      if (patches.length > 0 || this.#hadPatches) {
        graphRegistry.emit("ran", { graph: this as unknown as PatchableGraph, patches });
      }
      this.#hadPatches = patches.length > 0;
    }
    for (const seen of this.#watches.values()) seen();
  }

  /**
   * Runs many patched runs of the graph, each a cell of a grid, and measures each. Cells share whatever they have in common, exact to
   * rounding; `exact: true` runs each by itself. Patches in force hold in every cell. `pg.sweep.plan(options)` says beforehand what it would
   * do: cells, arithmetic, bytes, expected time; it runs the graph once or twice, to know how long a run takes.
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
        sweep(this.#runner, { ...options, onCells }),
      );
    };
    const plan = (options: SweepOptions<Nodes>) => planSweep(this.#runner, untyped(options));
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
    if ("prompts" in options) return averageTrace(this.#runner, options);
    return showCells("causal trace", null, options.onCells, (onCells, expect) =>
      causalTrace(this.#runner, { ...options, onCells }, expect),
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
    return attributionPatch(this.#runner, options);
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
    return diffRuns(this.#runner, a as unknown as RunSide, b as unknown as Partial<RunSide>, options);
  }

  /** What the model would predict after each of its blocks. See {@link LogitLensOptions}. */
  logitLens(inputs: RunInputs, options?: LogitLensOptions): Promise<LensReading[]> {
    return logitLens(this.#runner, inputs, options);
  }

  toString(): string {
    return formatTree(this.graph);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
