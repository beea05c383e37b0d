import type { ArgumentSpec } from "../../graph/spec";
import type { TensorMeta } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { hintOf, type IrResult } from "./ir";
import type { OperatorCall } from "./operators";
import { tensorName } from "./operators";

/** Operators that change their running statistics where this argument is true, though their schemas do not say so. */
const TRAINING: ReadonlyMap<string, string> = new Map([
  ["aten::batch_norm", "training"],
  ["aten::instance_norm", "use_input_stats"],
]);

export function changesStatistics({ operator, args }: OperatorCall): boolean {
  const training = args.get(TRAINING.get(operator) ?? "");
  return training !== undefined && "constant" in training && training.constant === true;
}

/** Arguments of `_native_batch_norm_legit_functional`, and the places of the new statistics among its results. */
const FUNCTIONAL = ["input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps"];
const STATISTICS = { running_mean: 3, running_var: 4 } as const;

/**
 * Lets `add` run on copies of the running statistics; what becomes of them is computed by the functional form of the
 * operator, which runs only if something asks for it.
 */
export function changeStatistics(call: OperatorCall, add: () => void): void {
  const { builder, scope, node, args, operator } = call;
  const given = new Map([...args, ["training", { constant: true }]]);
  const changed = (["running_mean", "running_var"] as const).flatMap((argument) => {
    const name = tensorName(node, argument);
    const cell = name === null ? null : scope.cell(name);
    if (!cell || name === null) return [];
    const meta = scope.meta(name);
    args.set(argument, { ref: builder.emit("aten::clone", [{ ref: cell.read() }], meta) });
    return [{ cell, meta, argument }];
  });
  add();
  if (changed.length < 2) return;
  const normalisation = builder.place.call;
  // In no module: whoever reads the statistics reads a buffer, not a result of the normalisation.
  builder.at({ call: builder.root }, () => {
    // As the module sees them: that they are used here gives them no names.
    for (const [name, arg] of given) {
      if ("ref" in arg) given.set(name, { ref: builder.seenIn(normalisation, arg.ref) });
    }
    const instances = operator === "aten::instance_norm" ? new Instances(builder, given) : null;
    instances?.spread(given);
    const metas = [null, null, null, changed[0].meta, changed[1].meta];
    const results = addFunctional(builder, given, metas);
    for (const { cell, meta, argument } of changed) {
      const { value } = results[STATISTICS[argument]];
      cell.write(instances && meta ? instances.average(value, meta) : value);
    }
  });
}

function addFunctional(
  builder: GraphBuilder,
  args: ReadonlyMap<string, ArgumentSpec>,
  metas: (TensorMeta | null)[],
): IrResult[] {
  const results = builder.newResults(metas).map((result, i) => (i < 3 ? { ...result, part: null } : result));
  builder.add({
    type: "operator",
    operator: "aten::_native_batch_norm_legit_functional",
    overload: "",
    args: FUNCTIONAL.map((name) => args.get(name) ?? { constant: null }),
    results,
    local: "running_statistics",
    shown: "aten::_native_batch_norm_legit_functional",
    isAdded: true,
  });
  return results;
}

/** `instance_norm` is, in PyTorch, `batch_norm` of one text whose channels are those of all texts; statistics are averaged. */
class Instances {
  readonly #count: ArgumentSpec;

  constructor(
    private readonly builder: GraphBuilder,
    args: ReadonlyMap<string, ArgumentSpec>,
  ) {
    this.#count = builder.emitNumber("size", [args.get("input") ?? { constant: null }, { constant: 0 }]);
  }

  /** [texts, channels, …] as [1, texts · channels, …], and the statistics once for each text. */
  spread(args: Map<string, ArgumentSpec>): void {
    const [zero, one] = [{ constant: 0 }, { constant: 1 }];
    args.set("input", this.#emit("aten::flatten.using_ints", args.get("input"), zero, one));
    args.set("input", this.#emit("aten::unsqueeze", args.get("input"), zero));
    const times = { list: ["ref" in this.#count ? this.#count : one] };
    for (const name of Object.keys(STATISTICS))
      args.set(name, this.#emit("aten::repeat", args.get(name), times));
    for (const name of ["weight", "bias"]) args.delete(name);
  }

  /** What the statistics of all texts are on average: [channels]. */
  average(statistics: number, meta: TensorMeta): number {
    const sizes = { list: [{ constant: -1 }, { constant: hintOf(meta.sizes[0]) }] };
    const byText = this.#emit("aten::reshape", { ref: statistics }, sizes);
    return this.builder.emit("aten::mean.dim", [byText, { list: [{ constant: 0 }] }], meta);
  }

  #emit(name: string, first: ArgumentSpec | undefined, ...rest: ArgumentSpec[]): { ref: number } {
    const meta = first && "ref" in first ? this.builder.metaOf(first.ref) : null;
    // Its shape is not told: only what it becomes is looked at.
    const shapeless = meta && { ...meta, sizes: [{ expression: "", hint: null }], strides: [] };
    return { ref: this.builder.emit(name, [first ?? { constant: null }, ...rest], shapeless) };
  }
}
