import type { ModuleCall } from "../../graph/trace";
import type { Alias } from "./boundaries";
import { assignedVariable, type PlacedTarget, placedTargets, targetsOf, variablesOf } from "./codeNames";
import type { Frame, IrNode } from "./ir";
import type { ModuleCalls } from "./moduleStack";
import { conventionalName } from "./transformersNames";

/** Parameters of PyTorch's own modules' forward, where they are not `input`. */
const TORCH_PARAMETERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["MultiheadAttention", ["query", "key", "value", "key_padding_mask", "attn_mask"]],
  ["TransformerEncoderLayer", ["src", "src_mask", "src_key_padding_mask"]],
  ["TransformerEncoder", ["src", "mask", "src_key_padding_mask"]],
  ["TransformerDecoderLayer", ["tgt", "memory", "tgt_mask", "memory_mask"]],
  ["TransformerDecoder", ["tgt", "memory", "tgt_mask", "memory_mask"]],
  ["Transformer", ["src", "tgt"]],
  ["LSTM", ["input", "hx"]],
  ["GRU", ["input", "hx"]],
  ["RNN", ["input", "hx"]],
  ["Bilinear", ["input1", "input2"]],
  ["CrossEntropyLoss", ["input", "target"]],
  ["NLLLoss", ["input", "target"]],
  ["MSELoss", ["input", "target"]],
]);

/** PyTorch's own modules that return tuples, and the places in them. */
const TORCH_RESULTS: ReadonlyMap<string, string[]> = new Map([
  ["MultiheadAttention", ["sub_0", "sub_1"]],
  ["GRU", ["sub_0", "sub_1"]],
  ["RNN", ["sub_0", "sub_1"]],
  ["LSTM", ["sub_0", "sub_1.sub_0", "sub_1.sub_1"]],
]);

/**
 * Names a module's arguments where the archive does not: PyTorch's modules by their class, others by the variable that
 * the module's own source line reads, or by what the inner module that receives the value calls it.
 */
export class ArgumentNames {
  readonly #ofAlias = new Map<Alias, string | null>();
  readonly #byValue = new Map<number, Alias>();
  /** What inner modules are given, by the value that they are given. */
  readonly #given = new Map<number, Alias[]>();

  /** @param producers the node that makes each value */
  constructor(
    private readonly calls: ModuleCalls,
    aliases: readonly Alias[],
    private readonly producers: ReadonlyMap<number, IrNode>,
  ) {
    for (const alias of aliases) {
      this.#byValue.set(alias.value, alias);
      if (alias.kind !== "argument") continue;
      const others = this.#given.get(alias.source);
      if (others) others.push(alias);
      else this.#given.set(alias.source, [alias]);
    }
  }

  /** Gives `aliases` of one call their names, in order. @param known names that its other arguments have */
  name(aliases: readonly Alias[], known: readonly string[]): void {
    const taken = new Set<string>();
    const names = aliases.map((alias, i) => this.#find(alias, i));
    this.#nameTogether(aliases, names, known);
    aliases.forEach((alias, i) => {
      const found = names[i] ?? this.#ofProducer(alias) ?? (aliases.length === 1 ? "input" : `input_${i}`);
      // `position_embeddings|sub_1`: a part of an argument.
      const [local, part = alias.part] = found.split("|");
      alias.local = local;
      alias.part = part;
      while (taken.has(`${alias.local}|${alias.part}`)) alias.local = `${alias.local}_`;
      taken.add(`${alias.local}|${alias.part}`);
      alias.call.reserved.add(alias.local);
    });
  }

  /** A line that reads as many unknown variables as there are arguments without a name, all of them used there. */
  #nameTogether(aliases: readonly Alias[], names: (string | null)[], known: readonly string[]): void {
    const unnamed = aliases.filter((_, i) => names[i] === null);
    if (unnamed.length < 2) return;
    for (const node of unnamed[0].uses) {
      const code = framesOf(node, unnamed[0].call)[0]?.code ?? "";
      const isUsed = (alias: Alias) => alias.uses.some((use) => framesOf(use, alias.call)[0]?.code === code);
      const variables = variablesOf(code).filter((name) => !names.includes(name) && !known.includes(name));
      if (code === "" || variables.length !== unnamed.length || !unnamed.every(isUsed)) continue;
      aliases.forEach((_, i) => {
        if (names[i] === null) names[i] = variables.shift() ?? null;
      });
      return;
    }
  }

  #find(alias: Alias, position: number): string | null {
    const known = this.#ofAlias.get(alias);
    if (known !== undefined) return known;
    // Against endless recursion, should calls be nested in a circle.
    this.#ofAlias.set(alias, null);
    const name =
      this.#ofTorch(alias, position) ??
      this.#ofConvention(alias) ??
      this.#ofLines(alias) ??
      this.#ofInner(alias);
    this.#ofAlias.set(alias, name);
    return name;
  }

  #ofTorch({ call }: Alias, position: number): string | null {
    if (!this.calls.classOf(call).startsWith("torch.nn.modules.")) return null;
    const names = TORCH_PARAMETERS.get(call.type) ?? ["input"];
    return names[position] ?? null;
  }

  #ofConvention(alias: Alias): string | null {
    if (!this.calls.classOf(alias.call).startsWith("transformers.")) return null;
    const sources: Alias[] = [];
    for (let outer = this.#byValue.get(alias.source); outer; outer = this.#byValue.get(outer.source))
      sources.push(outer);
    return conventionalName(sources, this.#producer(alias));
  }

  /** The node that made the value which an alias, or an alias of an alias, is of. */
  #producer(alias: Alias): IrNode | undefined {
    let { source } = alias;
    for (let outer = this.#byValue.get(source); outer; outer = this.#byValue.get(source))
      source = outer.source;
    return this.producers.get(source);
  }

  /** The variable that the value was assigned to where it was made. */
  #ofProducer(alias: Alias): string | null {
    const frame = this.#producer(alias)?.frames.at(-1);
    return frame ? assignedVariable(frame.code) : null;
  }

  #ofLines({ call, value, uses }: Alias): string | null {
    for (const node of uses) {
      const name = nameInLines(framesOf(node, call), node, value);
      if (name) return name;
    }
    return null;
  }

  /** What the first inner module that takes the value calls it. */
  #ofInner(alias: Alias): string | null {
    for (const inner of this.#given.get(alias.value) ?? []) {
      if (inner.call === alias.call) continue;
      const name = this.calls.classOf(inner.call).startsWith("torch.nn.modules.")
        ? null
        : this.#find(inner, 0);
      if (name) return name;
    }
    return null;
  }
}

function nameInLines(frames: readonly Frame[], node: IrNode, value: number): string | null {
  if (frames.length === 0) return null;
  const candidates = frames.map(({ code }) => variablesOf(code));
  const [own, ...helpers] = candidates;
  if (own.length === 1) return own[0];
  // The operator's own line, in a function that the module calls.
  const innermost = helpers.at(-1) ?? own;
  const tensors = tensorArguments(node);
  if (innermost.length === tensors.length) return innermost[tensors.indexOf(value)] ?? null;
  const shared = own.filter((name) => innermost.includes(name));
  if (helpers.length > 0 && innermost.length === 1) return innermost[0];
  return shared.length === 1 ? shared[0] : null;
}

function tensorArguments(node: IrNode): number[] {
  return node.args.flatMap((spec) => {
    if (spec === null || "constant" in spec) return [];
    return "list" in spec ? spec.list.flatMap((item) => ("ref" in item ? [item.ref] : [])) : [spec.ref];
  });
}

/** The frames of `node` from the forward of `call`'s module on; [] where they cannot be told. */
function framesOf(node: IrNode, call: ModuleCall): readonly Frame[] {
  const depth = depthOf(node.call);
  const forwards = node.frames.flatMap(({ function: name }, i) => (name === "forward" ? [i] : []));
  // Each module on the way has one frame called forward; strict export leaves out those of PyTorch's own modules, and
  // wrappers outside of the root have more.
  const missing = depth + 1 - forwards.length;
  if (missing > 1) return [];
  const start = missing < 0 ? forwards.at(depthOf(call) - depth - 1) : forwards[depthOf(call)];
  return start === undefined ? [] : node.frames.slice(start);
}

function depthOf(call: ModuleCall): number {
  return call.parent ? depthOf(call.parent) + 1 : 0;
}

/**
 * Gives the outputs of one call their places in what it returns: the caller's line tells whether it is a tuple
 * (`out, weights = self.attn(x)`).
 * @param producers the node that makes each value
 * @param first index of the call's first node
 */
export function placeOutputs(
  given: readonly Alias[],
  nodes: readonly IrNode[],
  producers: ReadonlyMap<number, IrNode>,
  first: number,
): void {
  const outputs = inOperatorOrder(given, producers);
  const [{ call }] = outputs;
  const targets = call.parent ? targetsFromCaller(call, call.parent, nodes, first) : null;
  const used = call.parent && targets ? pathsFromUses(outputs, call.parent, targets) : null;
  const paths = used ?? TORCH_RESULTS.get(call.type) ?? targets?.map(({ path }) => path);
  outputs.forEach((alias, i) => {
    if (paths && paths.length >= outputs.length) alias.part = paths[i];
    else alias.part = outputs.length === 1 ? "" : `sub_${i}`;
  });
}

/** Results of one operator in its order (`max_pool2d` with indices), others in that of their first use. */
function inOperatorOrder(
  outputs: readonly Alias[],
  producers: ReadonlyMap<number, IrNode>,
): readonly Alias[] {
  const producer = producers.get(outputs[0].source);
  if (!producer || outputs.some(({ source }) => producers.get(source) !== producer)) return outputs;
  const place = ({ source }: Alias) => producer.results.findIndex(({ value }) => value === source);
  return [...outputs].sort((a, b) => place(a) - place(b));
}

/** For each output the variable that lines which use it read, and others do not; null unless that tells all apart. */
function pathsFromUses(
  outputs: readonly Alias[],
  caller: ModuleCall,
  targets: readonly PlacedTarget[],
): string[] | null {
  if (targets.length < 2) return null;
  const taken = new Set<string>();
  const found = outputs.map((): string | null => null);
  // A line may read several of them: what is known of others decides then.
  for (let isNew = true; isNew; ) {
    isNew = false;
    outputs.forEach(({ uses }, i) => {
      const path = found[i] ?? onlyPath(uses, caller, targets, taken);
      if (path === null || found[i] !== null) return;
      found[i] = path;
      isNew = !taken.has(path);
      taken.add(path);
    });
  }
  const paths = found.filter((path) => path !== null);
  return new Set(paths).size === outputs.length ? paths : null;
}

/** The place of the one variable, of those that are not taken, which a line that uses the value reads. */
function onlyPath(
  uses: readonly IrNode[],
  caller: ModuleCall,
  targets: readonly PlacedTarget[],
  taken: ReadonlySet<string>,
): string | null {
  for (const node of uses) {
    const read = variablesOf(framesOf(node, caller)[0]?.code ?? "");
    const named = targets.filter(({ name, path }) => read.includes(name) && !taken.has(path));
    if (named.length === 1) return named[0].path;
  }
  return null;
}

function targetsFromCaller(
  call: ModuleCall,
  caller: ModuleCall,
  nodes: readonly IrNode[],
  first: number,
): PlacedTarget[] | null {
  const attribute = call.path.split(".").at(-1) ?? "";
  // A node's frames may not show the caller (`super().forward(x)` is one forward more): the next one's do.
  for (let i = first; i < nodes.length && isWithin(nodes[i].call, call); i++) {
    const statements = (framesOf(nodes[i], caller)[0]?.code ?? "").split("; ");
    const targets = statements.map((code) => targetsOf(code, attribute)).find((found) => found !== null);
    if (targets !== undefined) return typeof targets === "string" ? null : placedTargets(targets);
  }
  return null;
}

function isWithin(inner: ModuleCall, outer: ModuleCall): boolean {
  for (let call: ModuleCall | null = inner; call; call = call.parent) if (call === outer) return true;
  return false;
}
