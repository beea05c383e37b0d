import type { Alias } from "./boundaries";
import { framesOf } from "./callFrames";
import { assignedVariable, variablesOf } from "./codeNames";
import { type Frame, type IrNode, usesOf } from "./ir";
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

  /** The arguments of inner modules that are given the value. */
  given(value: number): readonly Alias[] {
    return this.#given.get(value) ?? [];
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
    for (const inner of this.given(alias.value)) {
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
  const tensors = usesOf(node);
  if (innermost.length === tensors.length) return innermost[tensors.indexOf(value)] ?? null;
  const shared = own.filter((name) => innermost.includes(name));
  if (helpers.length > 0 && innermost.length === 1) return innermost[0];
  return shared.length === 1 ? shared[0] : null;
}
