import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** Values of a run that a metric looks at, cut to the positions it reads. */
export interface MeasuredRun {
  /** In the order of the metric's outputs; [rows, position, …] where the metric names positions. */
  outputs: Tensor[];
  /** The positions that the outputs were cut to, in order, as indices from 0; null for all. */
  positions: readonly number[] | null;
  /** Texts of one cell. Rows are the cells' texts, one cell after the other. */
  batch: number;
}

/** What is made of logits before tokens are read from them, in float32. */
export type ReadingForm = "values" | "probabilities" | "log-probabilities";

/** What is measured of each cell. */
export interface Metric {
  /** For tables and pictures. */
  readonly label: string;
  /** Node names; the model's logits (or its only output) when left out. */
  readonly outputs?: readonly string[];
  /** Which positions it reads of dimension 1 of its outputs, negative ones from the end; all when left out. */
  readonly positions?: readonly number[];
  /** Whether `measure` takes the rows of several cells at once. */
  readonly stacks: boolean;
  /** One number a row. `base` is the run without a cell's patches. */
  measure(run: MeasuredRun, base: MeasuredRun): readonly number[] | Promise<readonly number[]>;
  /** Of its only output, what `measureRead` needs: a few tokens of the last dimension. Other metrics need all of it. */
  readonly reading?: { readonly form: ReadingForm; readonly tokens: readonly Tokens[] };
  /** As `measure`, of a run whose output is what was read: [rows, position, tokens]. */
  measureRead?(run: MeasuredRun): readonly number[];
  /** The same as a tensor [rows] with its gradient; only of metrics that have one. */
  score?(run: MeasuredRun, base: MeasuredRun): Tensor;
}

/** Where the built-in metrics look. */
export interface PositionOptions {
  /** The position whose prediction is read, negative ones from the end: one for all texts, or one for each. The last unless given. */
  position?: number | readonly number[];
  /** Node of the logits; the model's own unless given. */
  output?: string;
}

/** One token for all texts, or one for each. */
export type Tokens = number | readonly number[];

/** @throws ArgumentError for what cannot be a token's id, nor one for each text. */
function checkTokens(label: string, what: string, tokens: unknown): void {
  const ids: unknown[] = Array.isArray(tokens) ? tokens : [tokens];
  if (ids.length > 0 && ids.every((id) => Number.isSafeInteger(id))) return;
  throw new ArgumentError(
    `${label}: ${what} must be the id of a token, or one for each text; tokenizer.idOf(" Paris") tells a token's id`,
  );
}

/** Tokens that a metric reads, as int64 [batch, tokens]. */
export function tokensToRead(tokens: readonly Tokens[], batch: number): Tensor {
  const rows = Array.from({ length: batch }, (_, row) =>
    tokens.map((token) => perRow(token, row, batch, "token")),
  );
  return torch.tensor(rows, { dtype: "int64" });
}

function perRow(given: Tokens, row: number, batch: number, what: string): number {
  if (typeof given === "number") return given;
  if (given.length !== batch) throw new ArgumentError(`${what}: ${given.length} for ${batch} texts`);
  return given[row % batch];
}

/** Logits [rows, vocab] at the position of each row. */
function logitsAt({ outputs, positions, batch }: MeasuredRun, position: Tokens): Tensor {
  const [logits] = outputs;
  const [rows, length] = logits.shape;
  const index = Array.from({ length: rows }, (_, row) => {
    const wanted = perRow(position, row, batch, "position");
    if (!positions) return wanted < 0 ? wanted + length : wanted;
    // The positions were cut in the order of the metric's own list.
    return typeof position === "number" ? 0 : row % batch;
  });
  return logits.at([torch.arange(rows), torch.tensor(index, { dtype: "int64" })]).float();
}

function numbers(values: Tensor): number[] {
  return Array.from(values.double().data() as Float64Array);
}

function metric(
  label: string,
  options: PositionOptions,
  value: (logits: Tensor, batch: number, base: () => Tensor) => Tensor,
): Metric {
  const { position = -1, output } = options;
  const list = typeof position === "number" ? [position] : [...position];
  if (list.length === 0 || !list.every(Number.isSafeInteger)) {
    throw new ArgumentError(`${label}: position must be a number, or one for each text`);
  }
  const score = (run: MeasuredRun, base: MeasuredRun): Tensor =>
    value(logitsAt(run, position), run.batch, () => logitsAt(base, position));
  return {
    label,
    outputs: output === undefined ? undefined : [output],
    positions: list,
    stacks: true,
    measure: (run, base) => torch.noGrad(() => torch.tidy(() => numbers(score(run, base)))),
    score,
  };
}

/** A metric of a few tokens' logits, or of what a softmax makes of them: `combine` gets one tensor [rows] for each token. */
function tokenMetric(
  label: string,
  options: PositionOptions,
  form: ReadingForm,
  tokens: readonly Tokens[],
  combine: (values: Tensor[]) => Tensor,
): Metric {
  const { position = -1 } = options;
  return {
    ...metric(label, options, (logits, batch) => {
      const values = FORMS[form](logits);
      return combine(tokens.map((token) => pick(values, token, batch)));
    }),
    reading: { form, tokens },
    measureRead: (run) =>
      torch.noGrad(() =>
        torch.tidy(() => {
          const values = logitsAt(run, position);
          return numbers(combine(tokens.map((_, i) => values.select(-1, i))));
        }),
      ),
  };
}

const FORMS: Record<ReadingForm, (logits: Tensor) => Tensor> = {
  values: (logits) => logits,
  probabilities: (logits) => torch.softmax(logits, -1),
  "log-probabilities": (logits) => torch.log_softmax(logits, -1),
};

/** Columns `token` of [rows, vocab]. */
function pick(values: Tensor, token: Tokens, batch: number): Tensor {
  const [rows, vocabulary] = values.shape;
  const index = Array.from({ length: rows }, (_, row) => perRow(token, row, batch, "token"));
  const wrong = index.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined) throw new ArgumentError(`token ${wrong} is not one of the ${vocabulary} tokens`);
  return values.at([torch.arange(rows), torch.tensor(index, { dtype: "int64" })]);
}

/** log p(token), by softmax in float32. */
export function logProbability(options: PositionOptions & { token: Tokens }): Metric {
  checkTokens("log-probability", "token", options?.token);
  return tokenMetric("log-probability", options, "log-probabilities", [options.token], ([own]) => own);
}

/** p(token), by softmax in float32. */
export function probability(options: PositionOptions & { token: Tokens }): Metric {
  checkTokens("probability", "token", options?.token);
  return tokenMetric("probability", options, "probabilities", [options.token], ([own]) => own);
}

/** logit(correct) − logit(wrong). */
export function logitDifference(options: PositionOptions & { correct: Tokens; wrong: Tokens }): Metric {
  checkTokens("logit difference", "correct", options?.correct);
  checkTokens("logit difference", "wrong", options?.wrong);
  const tokens = [options.correct, options.wrong];
  return tokenMetric("logit difference", options, "values", tokens, ([correct, wrong]) => correct.sub(wrong));
}

/** KL divergence, in nats, of the cell's prediction from the base run's: Σ p(base) · (log p(base) − log p(cell)). */
export function klDivergence(options: PositionOptions = {}): Metric {
  return metric("KL divergence", options, (logits, batch, base) => {
    const reference = torch.log_softmax(base(), -1);
    const repeated = reference.repeat([logits.shape[0] / batch, 1]);
    return repeated
      .exp()
      .mul(repeated.sub(torch.log_softmax(logits, -1)))
      .sum(-1);
  });
}

/** @throws ArgumentError when `samples`, of `cells` cells, are not one number a cell, or one a text. */
export function checkSamples(label: string, samples: readonly number[], cells: number, texts: number): void {
  const isCount = samples.length === cells || samples.length === cells * texts;
  if (isCount && samples.every((sample) => typeof sample === "number")) return;
  throw new ArgumentError(
    `${label}: measure() must give ${cells * texts} numbers for ${cells === 1 ? "a cell" : `${cells} cells`} of ${texts} ${texts === 1 ? "text" : "texts"}, or one for each cell; it gave ${samples.length} values`,
  );
}

/** What a function as metric is given: outputs by name; the model's own as `pg.run` returns them, too (`logits`). */
export type MetricFunction = (outputs: Record<string, Tensor>) => unknown;

/** Before the names of what a model returns. */
const OUTPUT = "output|";

/** A metric from a function of one cell's outputs, which returns a number, or a tensor with one element or one a text. */
export function functionMetric(
  measure: MetricFunction,
  outputs: readonly string[],
  positions?: readonly number[],
): Metric {
  if (outputs.length === 0)
    throw new ArgumentError("outputs is empty: the metric would have nothing to look at");
  if (positions?.length === 0) throw new ArgumentError("positions is empty: leave it out for all positions");
  return {
    label: measure.name || "metric",
    outputs,
    positions,
    stacks: false,
    measure: async (run) => {
      const given: Record<string, Tensor> = {};
      for (const [i, name] of outputs.entries()) given[name] = run.outputs[i];
      for (const name of outputs) {
        if (name.startsWith(OUTPUT)) given[name.slice(OUTPUT.length)] ??= given[name];
      }
      const result = await measure(given);
      if (typeof result === "number") return [result];
      const tensor = result as Tensor;
      if (typeof tensor?.numel === "function" && (tensor.numel() === 1 || tensor.numel() === run.batch)) {
        if (tensor.is_complex()) {
          throw new ArgumentError(
            "the metric returns complex numbers; give a real one, their absolute value for instance",
          );
        }
        return numbers(tensor.detach().reshape([-1]));
      }
      throw new ArgumentError(
        `the metric must return a number, or a tensor with one element or one for each of the ${run.batch} texts`,
      );
    },
  };
}
