import { PatchError } from "../errors";
import type { Module } from "../nn/module";
import { Patch } from "../patches/patch";
import { ProbePatch } from "../patches/probePatch";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { SaveOptions } from "../weights/safetensorsWriter";
import { type CapturedGraph, capture } from "./capture";
import { GraphDetails, type NodeDetails } from "./details";
import { tokensOf } from "./dimensions";
import { GraphRuns } from "./graphRuns";
import { buildTree, formatTree, type GraphPlace, type GraphTree } from "./graphTree";
import { bindInputs, forwardArguments, type RunInputs } from "./inputs";
import { type LoadOptions, openGraph } from "./load";
import { ManyRuns } from "./manyRuns";
import type { RunValue } from "./native";
import type { NodeInfo } from "./nodeIndex";
import type { AnyNodes, NodeName, NodeNames, Patches, PatchMap } from "./nodeTypes";
import type { PlacedPatch } from "./patchRun";
import {
  activeScopes,
  enterScope,
  type NodePatches,
  newScope,
  type PatchScope,
  runInScope,
  warnUnfired,
} from "./patchScope";
import { saveGraph } from "./persist/saveGraph";
import { graphRegistry } from "./registry";
import type { GraphRunner } from "./runner";
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
export class PatchableGraph<
  M extends Module = Module,
  Nodes extends NodeNames = AnyNodes,
> extends ManyRuns<Nodes> {
  readonly id = `graph-${nextId++}`;
  readonly #captured: CapturedGraph;
  readonly #runs: GraphRuns;
  #tree: GraphTree | null = null;
  #details: GraphDetails | null = null;
  /** Scopes of probes that are in force in every run, and what to call after one. */
  readonly #watches = new Map<PatchScope, () => void>();
  /** Whether the last run that was told of had patches. */
  #hadPatches = false;

  private constructor(captured: CapturedGraph) {
    super();
    this.#captured = captured;
    this.#runs = new GraphRuns(captured);
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
    if (
      typeof patches !== "object" ||
      patches === null ||
      patches instanceof Patch ||
      Array.isArray(patches) ||
      patches instanceof Map
    ) {
      throw new PatchError('patches are given by node: { "name of a node": new ZeroPatch() }');
    }
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
  optimize(on = true): Promise<{ packed: number; bytes: number }> {
    return this.#runs.pack(on);
  }

  async #execute(inputs: RunInputs, outputs: number[], signal?: AbortSignal): Promise<RunValue[]> {
    const request = {
      inputs: bindInputs(this.#captured, inputs),
      tokens: tokensOf(inputs),
      scopes: [...activeScopes(this), ...this.#watches.keys()],
      outputs,
      packed: this.#runs.isPacked,
      gradEnabled: torch.isGradEnabled(),
      signal,
    };
    const { values, placed } = await this.#runs.run(request);
    this.#announce(placed);
    return values;
  }

  protected override get runner(): GraphRunner {
    return {
      captured: this.#captured,
      isPacked: this.#runs.isPacked,
      scopes: () => activeScopes(this),
      newScope: (patches) => newScope(this, this.#resolvePatches(patches)),
      bind: (inputs) => bindInputs(this.#captured, inputs),
      run: async (request) => (await this.#runs.run({ gradEnabled: false, ...request })).values,
      keep: async ({ patched, ...request }) => {
        const { placed, ...kept } = await this.#runs.run({ ...request, gradEnabled: false }, patched);
        return { ...kept, placed: placed.map(({ patch }) => patch) };
      },
    };
  }

  /** Tells user interfaces of a run and of what its probes saw. */
  #announce(placed: readonly PlacedPatch[]): void {
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

  override toString(): string {
    return formatTree(this.graph);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
