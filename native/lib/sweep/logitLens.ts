import { checkCount, checkInteger } from "../checks";
import { ArgumentError } from "../errors";
import type { RunInputs } from "../graph/inputs";
import type { GraphRunner } from "../graph/runner";
import { WholeValue } from "../patches/wholeValue";
import { torch } from "../torch";
import { findBlocks } from "./blocks";
import { defaultOutput } from "./setup";
import { tensorOf } from "./tensorOf";

export interface LogitLensOptions {
  /** Which positions to read, negative ones from the end; the last unless given. */
  positions?: readonly number[];
  /** Which text of the batch; the first unless given. */
  batch?: number;
  /** How many tokens each layer's prediction lists; 5 unless given. */
  k?: number;
  /** A token whose probability and rank are told for each layer. */
  target?: number;
  /** Outputs of the blocks, first to last, for models whose blocks are not found. */
  states?: readonly string[];
  signal?: AbortSignal;
}

/** What the model would predict at one position if it ended after one block. */
export interface LensReading {
  layer: number;
  position: number;
  /** Most probable first. */
  top: { id: number; probability: number }[];
  /** Of the target: its probability, and how many tokens are more probable. */
  target: { probability: number; rank: number } | null;
}

/**
 * The logit lens (nostalgebraist 2020): each block's output is put in the place of the last block's, so that the model's own final norm
 * and head read it. The last layer's reading is the model's prediction.
 */
export async function logitLens(
  runner: GraphRunner,
  given: RunInputs,
  options: LogitLensOptions = {},
): Promise<LensReading[]> {
  const { positions = [-1], batch = 0, k = 5, target, signal } = options;
  checkCount("logitLens: k", k);
  for (const position of positions) checkInteger("logitLens: a position", position);
  if (positions.length === 0) throw new ArgumentError("logitLens: positions is empty");
  if (options.states?.length === 0) throw new ArgumentError("logitLens: states is empty");
  if (target !== undefined) checkInteger("logitLens: target", target);
  const { index, label } = { index: runner.captured.index, label: "logitLens" };
  const inputs = runner.bind(given);
  const states = (options.states ?? findBlocks(index.infos).states).map((name) => index.resolve(name));
  const last = states[states.length - 1];
  const output = index.resolve(defaultOutput(runner)).value;
  const shared = { inputs, tokens: null, packed: runner.isPacked, signal };
  const values = await runner.run({
    ...shared,
    scopes: runner.scopes(),
    outputs: states.map(({ value }) => value),
  });
  const readings: LensReading[] = [];
  for (const [layer, value] of values.map(tensorOf).entries()) {
    const scope = {
      ...runner.newScope({}),
      entries: [{ node: last.info.name, value: last.value, patches: [new WholeValue(value)] }],
    };
    const [logits] = (await runner.run({ ...shared, scopes: [scope], outputs: [output] })).map(tensorOf);
    const [texts, length, vocabulary] = logits.shape;
    if (batch < 0 || batch >= texts)
      throw new ArgumentError(`${label}: no text ${batch} in a batch of ${texts}`);
    if (target !== undefined && !(target >= 0 && target < vocabulary))
      throw new ArgumentError(`${label}: no token ${target}`);
    for (const wanted of positions) {
      const position = wanted < 0 ? wanted + length : wanted;
      if (!(position >= 0 && position < length))
        throw new ArgumentError(`${label}: no position ${wanted} of ${length}`);
      const probabilities = torch.softmax(logits.at([batch, position]).float(), -1);
      const [best, ids] = torch
        .topk(probabilities, Math.min(k, vocabulary))
        .map((part) => part.tolist() as number[]);
      const own = target === undefined ? null : Number(probabilities.at([target]).item());
      readings.push({
        layer,
        position,
        top: ids.map((id, i) => ({ id, probability: best[i] })),
        target: own === null ? null : { probability: own, rank: Number(probabilities.gt(own).sum().item()) },
      });
    }
  }
  return readings;
}
