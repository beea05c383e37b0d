import { binding, type OperatorSchema } from "../../binding";
import { UnknownOperatorError } from "../../errors";
import type { ArgumentSpec, AutocastDtype, ConstantSpec, NodeSpec } from "../../graph/spec";
import type { ModuleCall } from "../../graph/trace";
import type { Tensor } from "../../tensor/tensor";
import type { TensorMeta } from "../archive/schema";
import { sharedCall } from "./callTree";
import type { Frame, IrNode, IrResult, SeenAlias, SeenValue, Watch } from "./ir";
import type { TracedCall } from "./tracePoint";

/** Where nodes are being added. */
export interface Place {
  call: ModuleCall;
  frames: readonly Frame[];
  /** On which branch of a condition. */
  when: NodeSpec["when"];
  /** In which dtype `torch.autocast` computes here; null outside of it. */
  autocast: AutocastDtype | null;
}

/** What the graph knows of a value. */
export interface ValueInfo {
  /** The call it is made in; null for a constant. */
  call: ModuleCall | null;
  /** Null for a number. */
  meta: TensorMeta | null;
}

function findSchema(operator: string, overload: string): OperatorSchema | null {
  try {
    return binding.schema(operator, overload);
  } catch (error) {
    if (error instanceof UnknownOperatorError) return null;
    throw error;
  }
}

/** Collects the nodes and values of a graph that is being imported. */
export class GraphBuilder {
  readonly nodes: IrNode[] = [];
  readonly values: ValueInfo[] = [];
  readonly constants: ConstantSpec[] = [];
  /** Values that are the very tensor which an operator was given: `x.float()` of floats. */
  readonly identities = new Map<number, number>();
  /** Constants and views of them: their memory is the mapped file. */
  readonly ofConstants = new Set<number>();
  /** What goes in and out of module calls inside of sub-graphs, where the archive says it. */
  readonly tracedCalls = new Map<ModuleCall, TracedCall>();
  readonly #schemas = new Map<string, OperatorSchema | null>();
  place: Place;

  /** @param expandsAttention whether fused attention is written out */
  constructor(
    readonly root: ModuleCall,
    readonly expandsAttention = false,
  ) {
    this.place = { call: root, frames: [], when: undefined, autocast: null };
  }

  newValue(info: ValueInfo): number {
    this.values.push(info);
    return this.values.length - 1;
  }

  /** @param name in the model's state dictionary */
  addConstant(tensor: Tensor, meta: TensorMeta, name: string): number {
    const value = this.newValue({ call: null, meta });
    this.constants.push({ value, tensor, name });
    this.ofConstants.add(value);
    return value;
  }

  metaOf(value: number): TensorMeta | null {
    return this.values[value].meta;
  }

  /** The schema of an overload; null if libtorch has none. */
  schema(operator: string, overload: string): OperatorSchema | null {
    const key = `${operator}.${overload}`;
    let schema = this.#schemas.get(key);
    if (schema === undefined) {
      schema = findSchema(operator, overload);
      this.#schemas.set(key, schema);
    }
    return schema;
  }

  /** Adds a node at the current place. */
  add(node: Omit<IrNode, "call" | "frames" | "when">): IrNode {
    const { call, frames, when } = this.place;
    const placed = { ...node, call, frames, when };
    this.nodes.push(placed);
    return placed;
  }

  newResults(metas: readonly (TensorMeta | null)[]): IrResult[] {
    return metas.map((meta, i) => ({
      value: this.newValue({ call: this.place.call, meta }),
      part: metas.length === 1 ? "" : `sub_${i}`,
      meta,
    }));
  }

  /** Adds an operator that the model did not write, and gives its result. */
  emit(name: string, args: (ArgumentSpec | null)[], meta: TensorMeta | null): number {
    const [operator, overload = ""] = name.split(".");
    const results = this.newResults([meta]);
    this.add({
      type: "operator",
      operator,
      overload,
      args,
      results,
      local: operator.slice(operator.indexOf("::") + 2),
      shown: name,
      isAdded: true,
    });
    return results[0].value;
  }

  /** Adds arithmetic on sizes; plain numbers are computed at once. */
  emitNumber(operator: string, args: ArgumentSpec[]): ArgumentSpec {
    const results = this.newResults([null]);
    this.add({
      type: "number",
      operator,
      overload: "",
      args,
      results,
      local: operator,
      shown: `sym::${operator}`,
      isAdded: true,
    });
    return { ref: results[0].value };
  }

  /**
   * An alias in the current call, without a name: of `content`, or of `other` where a patch stands at what is watched.
   * `content` itself, if nothing is watched and it is no other call's.
   */
  aliasUnless(content: SeenValue, other: SeenValue, watched: readonly Watch[]): number {
    if (watched.length === 0 && content.from === this.place.call) return content.ref;
    return this.#addAlias({ content, other, watched });
  }

  #addAlias(seen: SeenAlias): number {
    const { content } = seen;
    const [result] = this.newResults([this.metaOf(content.ref)]);
    this.at({ when: undefined }, () =>
      this.add({
        type: "alias",
        operator: "",
        overload: "",
        args: [{ ref: content.ref }],
        results: [{ ...result, part: null }],
        local: "alias",
        shown: "",
        isAdded: true,
        seen,
      }),
    );
    return result.value;
  }

  /** A value as an inner call sees it, for the current one. */
  seenIn(call: ModuleCall, value: number): number {
    const seen = { ref: value, from: call };
    return this.#addAlias({ content: seen, other: seen, watched: [] });
  }

  /** The value for a node of the importer, which makes no names on its way out of the call it is from. */
  unnamed(value: number): number {
    const home = this.values[value].call;
    if (home === null || sharedCall(home, this.place.call) === home) return value;
    const seen = { ref: value, from: this.place.call, isUnnamed: true };
    return this.#addAlias({ content: seen, other: seen, watched: [] });
  }

  /** Runs `body` with another place, and comes back to this one. */
  at<T>(place: Partial<Place>, body: () => T): T {
    const before = this.place;
    this.place = { ...before, ...place };
    try {
      return body();
    } finally {
      this.place = before;
    }
  }
}
