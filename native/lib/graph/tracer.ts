import { binding } from "../binding";
import { callResolved, resolveOperator } from "../dispatch/dispatch";
import type { OperatorInterceptor } from "../dispatch/interceptor";
import type { Size } from "../dispatch/size";
import { CaptureError } from "../errors";
import type { Module } from "../nn/module";
import { Tensor } from "../tensor/tensor";
import { nameArguments } from "./argumentNames";
import { describeModule, ModuleIndex } from "./moduleIndex";
import { operatorLocalName } from "./names";
import { currentLocation } from "./sourceLine";
import type { ArgumentSpec, NodeSpec } from "./spec";
import { flatten, unflatten } from "./structure";
import { concreteSize, type NumberOperator, type NumberRecorder, type SizeOperator, SymInt } from "./symInt";
import type { ModuleCall, NodeKind, Trace } from "./trace";
import { TracedParameters } from "./tracedParameters";
import { TraceRecord, type TraceValue } from "./traceRecord";

function isTraceValue(value: unknown): value is TraceValue {
  return value instanceof Tensor || value instanceof SymInt;
}

/** Sizes become plain numbers for the call itself. */
function concrete(argument: unknown): unknown {
  if (argument instanceof SymInt) return argument.concrete;
  return Array.isArray(argument) ? argument.map(concrete) : argument;
}

/**
 * Records what a module computes. While it is installed, every operator call runs as usual and becomes a node, and
 * every module call marks its arguments and its output, which become values of their own: patching what one module
 * receives leaves the other users of the same tensor alone.
 */
export class Tracer implements OperatorInterceptor, NumberRecorder {
  readonly #modules: ModuleIndex;
  readonly #record: TraceRecord;
  readonly #parameters: TracedParameters;
  readonly #guarded = new Set<number>();
  #resolving = false;
  #call: ModuleCall<Module>;

  /** @param onNode told how many operators and aliases there are, whenever there is one more */
  constructor(model: Module, onNode: (count: number) => void = () => undefined) {
    this.#modules = new ModuleIndex(model);
    this.#record = new TraceRecord(onNode);
    this.#parameters = new TracedParameters(this.#record, this.#modules);
    this.#call = this.#modules.newCall(model, null);
  }

  /** Runs the model's forward on `args` and returns the trace. The caller has installed this tracer. */
  trace(args: unknown[]): Trace {
    const root = this.#call;
    const { named, structure } = this.#nameArguments(root, args);
    const inputs: Trace["inputs"] = [];
    const leaves = named.map(({ local, part, value }) => {
      const copy = this.#sameTensor(value as Tensor);
      const index = this.#record.newValue(copy);
      const node = { local, part, value: index, of: copy };
      this.#record.addNode({ ...node, kind: "input", call: root, operator: "input" });
      inputs.push(index);
      return copy;
    });
    const result = root.module.invoke(unflatten(structure, leaves) as unknown[]);
    const output = this.#markOutput(root, result);
    this.#parameters.addUnused(this.#call);
    return {
      root,
      nodes: this.#record.nodes,
      specs: this.#record.specs,
      valueCount: this.#record.valueCount,
      constants: this.#parameters.constants(),
      inputs,
      inputStructure: structure,
      output: { structure: output.structure, values: output.values },
    };
  }

  /** Stands between `module.call` and `module.forward`. */
  callModule(module: Module, args: unknown[]): unknown {
    const outer = this.#call;
    const call = this.#modules.newCall(module, outer);
    this.#call = call;
    try {
      const { named, structure } = this.#nameArguments(call, args);
      const leaves = named.map(({ local, part, value }) =>
        this.#alias(value, { kind: "argument", local, part, operator: "argument" }),
      );
      const result = module.invoke(unflatten(structure, leaves) as unknown[]);
      return this.#markOutput(call, result).marked;
    } finally {
      this.#call = outer;
    }
  }

  #nameArguments(call: ModuleCall<Module>, args: unknown[]) {
    const { structure, leaves } = flatten(args, isTraceValue);
    // `output`, parameters and submodules keep their names where an argument is called the same.
    const fixed = new Set(call.reserved);
    const names = nameArguments(call.module.forward, args, leaves).map(({ local, part }) => {
      while (fixed.has(local)) local = `${local}_`;
      call.reserved.add(local);
      return { local, part };
    });
    return { structure, named: leaves.map(({ value }, i) => ({ ...names[i], value })) };
  }

  #markOutput(call: ModuleCall<Module>, result: unknown) {
    const { structure, leaves } = flatten(result, isTraceValue);
    if (leaves.length === 0) throw new CaptureError(`${describeModule(call)} returns no tensor`);
    const marked = leaves.map(({ path, value }) =>
      this.#alias(value, { kind: "output", local: "output", part: path, operator: "output" }),
    );
    return {
      structure,
      values: marked.map((value) => this.#indexOf(value)),
      marked: unflatten(structure, marked),
    };
  }

  /** A second name for `value`, and a new JavaScript object that stands for it. */
  #alias(
    value: TraceValue,
    node: { kind: NodeKind; local: string; part: string; operator: string },
  ): TraceValue {
    const source = this.#indexOf(value);
    const [index, copy] = value instanceof Tensor ? this.#newTensor(value) : this.#newSize(value.concrete);
    const spec = this.#record.addSpec("alias", "", "", [{ ref: source }], [index]);
    this.#record.addNode({ ...node, call: this.#call, value: index, of: copy, spec });
    return copy;
  }

  /** A tensor that shows what `tensor` does and is another value. */
  #newTensor(tensor: Tensor): [number, Tensor] {
    const copy = this.#sameTensor(tensor);
    return [this.#record.newValue(copy), copy];
  }

  #newSize(concrete: number): [number, SymInt] {
    return this.#record.newSize((index) => new SymInt(this, index, concrete));
  }

  #sameTensor(tensor: Tensor): Tensor {
    return callResolved("aten::detach", "", [tensor]) as Tensor;
  }

  /** The value behind a tensor or size; a tensor that was not computed here is a parameter, a buffer or a constant. */
  #indexOf(value: TraceValue): number {
    const known = this.#record.numberOf(value);
    if (known !== undefined) return known;
    if (value instanceof SymInt) throw new CaptureError("a size of another capture is used in this one");
    return this.#parameters.valueIn(this.#call, value);
  }

  // OperatorInterceptor

  call(name: string, args: unknown[], kwargs?: Record<string, unknown>): unknown {
    const base = (name.includes("::") ? name.slice(name.indexOf("::") + 2) : name).split(".")[0];
    if (/[^_]_$/.test(base)) {
      throw new CaptureError(
        `in-place operator ${base} in ${describeModule(this.#call)} cannot be captured: a patched value must not change after its node ran. Use ${base.slice(0, -1)} and its result`,
      );
    }
    const {
      operator,
      overload,
      args: ordered,
    } = this.#withoutGuards(() => resolveOperator(name, args, kwargs));
    const specs = ordered.map((argument) => this.#argument(argument));
    const result = callResolved(operator, overload, ordered.map(concrete));
    const { leaves } = flatten(result, (value): value is Tensor => value instanceof Tensor);
    if (leaves.length === 0) {
      throw new CaptureError(
        `${base} in ${describeModule(this.#call)} gives a plain value, on which the rest of the model would depend unseen; capture follows tensors and sizes only`,
      );
    }
    const results = leaves.map(({ value }) => this.#record.newValue(value));
    const spec = this.#record.addSpec("operator", operator, overload, specs, results);
    const location = currentLocation();
    leaves.forEach(({ path, value }, i) => {
      this.#record.addNode({
        kind: "operator",
        call: this.#call,
        local: operatorLocalName(base),
        part: path,
        value: results[i],
        of: value,
        operator: overload === "" ? operator : `${operator}.${overload}`,
        spec,
        location,
      });
    });
    return result;
  }

  #argument(argument: unknown): ArgumentSpec | null {
    if (argument === undefined) return null;
    if (isTraceValue(argument)) return { ref: this.#indexOf(argument) };
    if (Array.isArray(argument) && argument.some(isTraceValue)) {
      return {
        list: argument.map((item) =>
          isTraceValue(item) ? { ref: this.#indexOf(item) } : { constant: item },
        ),
      };
    }
    // A copy: the model may go on to change its list.
    return { constant: Array.isArray(argument) ? [...argument] : argument };
  }

  size(tensor: Tensor, dim: number): Size {
    const concreteShape = binding.shape(tensor);
    const rank = concreteShape.length;
    const position = dim < 0 ? dim + rank : dim;
    if (position < 0 || position >= rank) {
      throw new CaptureError(
        `size(${dim}) of a tensor with ${rank} dimensions in ${describeModule(this.#call)}`,
      );
    }
    if (this.#record.numberOf(tensor) === undefined) return concreteShape[position];
    const args: ArgumentSpec[] = [{ ref: this.#indexOf(tensor) }, { constant: position }];
    return this.#number("size", args, concreteShape[position], "aten::sym_size.int");
  }

  recordNumber(operator: SizeOperator, operands: Size[], result: number): SymInt {
    const args = operands.map((operand) =>
      operand instanceof SymInt ? { ref: this.#indexOf(operand) } : { constant: concreteSize(operand) },
    );
    return this.#number(operator, args, result, `sym::${operator}`);
  }

  #number(operator: NumberOperator, args: ArgumentSpec[], result: number, shown: string): SymInt {
    const [index, size] = this.#newSize(result);
    const spec = this.#record.addSpec("number", operator, "", args, [index]);
    this.#record.addNode({
      kind: "number",
      call: this.#call,
      local: operator,
      part: "",
      value: index,
      of: null,
      operator: shown,
      spec,
      location: currentLocation(),
    });
    return size;
  }

  /** The addon looks at a size's number to choose an overload; that assumes nothing about it. */
  #withoutGuards<T>(body: () => T): T {
    this.#resolving = true;
    try {
      return body();
    } finally {
      this.#resolving = false;
    }
  }

  recordGuard(size: SymInt): void {
    if (this.#resolving) return;
    const index = this.#indexOf(size);
    if (this.#guarded.has(index)) return;
    this.#guarded.add(index);
    const spec = this.#record.addSpec("guard", "", "", [{ ref: index }], []);
    spec.expected = size.concrete;
    spec.code = `${describeModule(this.#call)} read it as a plain number`;
    this.#guardSources.set(spec, index);
  }

  readonly #guardSources = new Map<NodeSpec, number>();

  /** Guards and the size each of them watches, so that their messages can name it. */
  get guards(): ReadonlyMap<NodeSpec, number> {
    return this.#guardSources;
  }

  shape(tensor: Tensor): number[] {
    const sizes = binding.shape(tensor);
    if (this.#record.numberOf(tensor) === undefined) return sizes;
    // Only the sizes that are looked at become guards: reading `x.shape[2]` leaves batch and sequence free.
    return new Proxy(sizes, {
      get: (target, key, receiver) => {
        if (typeof key === "string" && /^\d+$/.test(key) && Number(key) < target.length) {
          const size = this.size(tensor, Number(key));
          if (size instanceof SymInt) this.recordGuard(size);
        }
        return Reflect.get(target, key, receiver);
      },
    });
  }

  onValueRead(tensor: Tensor, how: string): void {
    if (this.#record.numberOf(tensor) === undefined) return;
    throw new CaptureError(
      `${how} in ${describeModule(this.#call)} reads a value that depends on the input; a captured graph would silently keep this one. Compute with tensors instead (torch.where, masks)`,
    );
  }
}
