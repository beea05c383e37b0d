import { checkChoice, checkCount, checkInteger } from "../checks";
import { ArgumentError } from "../errors";
import { nameDimensions, tokensOf } from "../graph/dimensions";
import type { RunInputs } from "../graph/inputs";
import type { RunValue } from "../graph/native";
import type { GraphRunner } from "../graph/runner";
import { ProbePatch } from "../patches/probePatch";
import { Progress } from "../progress";
import type { MeasuredRun, Metric } from "../sweep/metrics";
import { defaultOutput } from "../sweep/setup";
import { tensorOf } from "../sweep/tensorOf";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { checkScores } from "./check";
import { type ScoredNode, scoredNodes } from "./nodes";
import { type AttributionDim, AttributionResult, type NodeScores } from "./result";

export interface AttributionOptions {
  /** The run that values are taken from. */
  clean: RunInputs;
  /** The run that they would be put into; of the same shapes. */
  corrupted: RunInputs;
  /** A built-in metric (`logitDifference({ … })`, …). KL divergence is measured from the clean run. */
  metric: Metric;
  /** All activations between the inputs and what the metric reads unless given. */
  nodes?: readonly string[];
  /** Dimensions whose places have a score each: `["token"]`, `["head"]`, `["token", "hidden"]`, …; none unless given: one score a node. */
  by?: readonly AttributionDim[];
  /** How many places, drawn at random, are compared with patched runs; 32 unless given, 0 for none. */
  check?: number;
  seed?: number;
  signal?: AbortSignal;
}

/**
 * Attribution patching (Nanda 2023; Syed, Rager & Conmy 2023): what putting the clean run's value in the place of the corrupted one's would change
 * of the metric, to first order: Σ (clean − corrupted) · ∂metric/∂value, with the gradient at the corrupted run. One run of each input
 * and one backward give the scores of all nodes.
 * @throws UnknownNodeError; ArgumentError for inputs of different shapes, a metric without a gradient, and options that cannot be.
 */
export async function attributionPatch(
  runner: GraphRunner,
  options: AttributionOptions,
): Promise<AttributionResult> {
  const { metric, by = [], check = 32, seed = 0, signal } = options;
  if (typeof metric?.score !== "function") {
    throw new ArgumentError(
      "attributionPatch needs a metric with a gradient: logitDifference({ correct, wrong }) or another built-in one",
    );
  }
  checkCount("check", check, 0);
  checkInteger("seed", seed);
  checkDimensions(by);
  if (options.nodes?.length === 0) throw new ArgumentError("attributionPatch: nodes is empty");
  // Two runs and the way back, then the runs that check.
  const passes = 3;
  using line = new Progress("attribution patching", { total: passes + check, unit: "runs" });
  const clean = runner.bind(options.clean);
  const corrupted = runner.bind(options.corrupted);
  checkShapes(clean, corrupted);
  const tokens = tokensOf(options.corrupted);
  const outputs = (metric.outputs ?? [defaultOutput(runner)]).map(
    (name) => runner.captured.index.resolve(name).value,
  );
  const nodes = scoredNodes(runner, options.nodes, outputs);
  const shared = { tokens: null, packed: false, signal };
  const values = nodes.map(({ value }) => value);
  const cleanValues = (
    await runner.run({ ...shared, inputs: clean, scopes: runner.scopes(), outputs: [...outputs, ...values] })
  ).map(tensorOf);
  line.update(1);
  const probes = nodes.map(() => new ProbePatch({ grad: true }));
  const scope = {
    ...runner.newScope({}),
    entries: nodes.map(({ info, value }, i) => ({ node: info.name, value, patches: [probes[i]] })),
  };
  const corruptedOutputs = (
    await runner.run({
      ...shared,
      inputs: corrupted,
      scopes: [...runner.scopes(), scope],
      outputs,
      gradEnabled: true,
    })
  ).map(tensorOf);
  line.update(2);
  const batch = corruptedOutputs[0].shape[0] ?? 1;
  const runOf = (list: Tensor[]): MeasuredRun => ({ outputs: list, positions: null, batch });
  const cleanRun = runOf(cleanValues.slice(0, outputs.length));
  const score = torch.enableGrad(() => metric.score?.(runOf(corruptedOutputs), cleanRun));
  if (!score) throw new ArgumentError("attributionPatch: the metric gave no score");
  await score.sum().backward();
  line.update(passes);
  const scored: NodeScores[] = [];
  const kept: { node: ScoredNode; clean: Tensor }[] = [];
  const skipped: string[] = [];
  nodes.forEach((node, i) => {
    const name = options.nodes?.[i] ?? node.info.name;
    const scores = scoresOf(
      cleanValues[outputs.length + i],
      probes[i],
      by,
      tokens?.length ?? lengthOf(corrupted),
    );
    if (!scores) {
      skipped.push(name);
      return;
    }
    scored.push({ node: name, scores });
    kept.push({ node, clean: cleanValues[outputs.length + i] });
  });
  if (scored.length === 0) {
    throw new ArgumentError(`attributionPatch: none of the nodes has the dimensions ${by.join(", ")}`);
  }
  const measured = async (run: MeasuredRun) => [...(await metric.measure(run, cleanRun))];
  const corruptedScores = await measured(runOf(corruptedOutputs.map((value) => value.detach())));
  const checked =
    check > 0
      ? await checkScores(runner, {
          inputs: options.corrupted,
          metric: { ...metric, measure: (run) => metric.measure(run, cleanRun) },
          nodes: kept,
          scores: scored,
          dims: kept.map(({ clean: value }) => dimensionsOf(value, tokens?.length ?? lengthOf(corrupted))),
          by,
          count: check,
          seed,
          signal,
          onChecked: (done, of) => line.update(passes + done, passes + of),
        })
      : null;
  return new AttributionResult(
    metric.label,
    by,
    scored,
    await measured(cleanRun),
    corruptedScores,
    checked,
    skipped,
    tokens,
  );
}

function checkDimensions(by: readonly AttributionDim[]): void {
  if (!Array.isArray(by)) throw new ArgumentError('by must be a list of dimensions, ["token"] for instance');
  for (const dim of by) checkChoice("a dimension in by", dim, ["token", "head", "query", "key", "hidden"]);
  if (new Set(by).size < by.length) throw new ArgumentError(`by names a dimension twice: ${by.join(", ")}`);
}

function checkShapes(clean: readonly RunValue[], corrupted: readonly RunValue[]): void {
  const shapes = (values: readonly RunValue[]) =>
    values
      .map((value) => (value instanceof Tensor ? `[${value.shape.join(", ")}]` : String(value)))
      .join(", ");
  if (shapes(clean) === shapes(corrupted)) return;
  throw new ArgumentError(
    `attributionPatch: the clean inputs have the shapes ${shapes(clean)}, the corrupted ones ${shapes(corrupted)}; texts must have as many tokens`,
  );
}

/** Tokens of inputs whose texts are not known: dimension 1 of the first tensor that has one. */
function lengthOf(inputs: readonly RunValue[]): number | null {
  const first = inputs.find((value) => value instanceof Tensor && value.shape.length >= 2);
  return first instanceof Tensor ? first.shape[1] : null;
}

function dimensionsOf({ shape }: Tensor, length: number | null): string[] {
  return nameDimensions(shape, length);
}

/** [batch, …] by the dimensions wanted; null for a node without one of them, or without a batch. */
function scoresOf(
  clean: Tensor,
  probe: ProbePatch,
  by: readonly AttributionDim[],
  length: number | null,
): Tensor | null {
  const dims = dimensionsOf(clean, length);
  const wanted = by.map((dim) => dims.indexOf(dim));
  if (wanted.includes(-1) || clean.shape.length === 0) return null;
  return torch.noGrad(() =>
    torch.tidy(() => {
      const { grad } = probe;
      if (!grad)
        return torch.zeros([clean.shape[0], ...wanted.map((dim) => clean.shape[dim])], { dtype: "float64" });
      const product = clean.double().sub(probe.activation.double()).mul(grad.double());
      const rest = clean.shape.map((_, dim) => dim).filter((dim) => dim > 0 && !wanted.includes(dim));
      const summed = rest.length > 0 ? product.sum(rest) : product;
      // The dimensions left are in the value's order.
      const order = [...wanted].sort((a, b) => a - b);
      // Nodes may be on different devices.
      return summed
        .permute([0, ...wanted.map((dim) => order.indexOf(dim) + 1)])
        .cpu()
        .contiguous();
    }),
  );
}
