import type { OperatorCall } from "./operators";
import { tensorName } from "./operators";

/** Places of the new statistics among `_native_batch_norm_legit_functional`'s results. */
const STATISTICS = { running_mean: 3, running_var: 4 } as const;

/** `batch_norm` in training mode changes its running statistics, though its schema does not say so. */
export function isTrainingBatchNorm({ operator, args }: OperatorCall): boolean {
  const training = args.get("training");
  return (
    operator === "aten::batch_norm" &&
    training !== undefined &&
    "constant" in training &&
    training.constant === true
  );
}

/**
 * Lets `add` run on copies of the running statistics; what becomes of them is computed by the functional form of the
 * operator, which runs only if something asks for it.
 */
export function changeBatchNormStatistics(call: OperatorCall, add: () => void): void {
  const { builder, scope, node, args } = call;
  const functional = [
    "input",
    "weight",
    "bias",
    "running_mean",
    "running_var",
    "training",
    "momentum",
    "eps",
  ].map((name) => args.get(name) ?? { constant: null });
  const changed = (["running_mean", "running_var"] as const).flatMap((argument) => {
    const name = tensorName(node, argument);
    const cell = name === null ? null : scope.cell(name);
    if (!cell || name === null) return [];
    const meta = scope.meta(name);
    args.set(argument, { ref: builder.emit("aten::clone", [{ ref: cell.read() }], meta) });
    return [{ cell, meta, result: STATISTICS[argument] }];
  });
  add();
  if (changed.length < 2) return;
  const metas = [null, null, null, changed[0].meta, changed[1].meta];
  // In no module: whoever reads the statistics reads a buffer, not a result of the normalisation.
  const normalisation = builder.place.call;
  const results = builder.at({ call: builder.root }, () => {
    // As the module sees them: that they are used here gives them no names.
    const seen = functional.map((arg) =>
      "ref" in arg ? { ref: builder.seenIn(normalisation, arg.ref) } : arg,
    );
    const made = builder.newResults(metas).map((result, i) => (i < 3 ? { ...result, part: null } : result));
    builder.add({
      type: "operator",
      operator: "aten::_native_batch_norm_legit_functional",
      overload: "",
      args: seen,
      results: made,
      local: "running_statistics",
      shown: "aten::_native_batch_norm_legit_functional",
      isAdded: true,
    });
    return made;
  });
  builder.at({ call: builder.root }, () => {
    for (const { cell, result } of changed) cell.write(results[result].value);
  });
}
