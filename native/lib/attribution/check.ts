import type { RunInputs } from "../graph/inputs";
import type { GraphRunner } from "../graph/runner";
import { ReplacePatch } from "../patches/valuePatches";
import { correlation } from "../statistics/correlation";
import { mean } from "../statistics/moments";
import { drawWithoutReplacement } from "../statistics/random";
import type { Metric } from "../sweep/metrics";
import { sweep } from "../sweep/sweep";
import type { SliceItem } from "../tensor/slice";
import type { Tensor } from "../tensor/tensor";
import type { ScoredNode } from "./nodes";
import {
  type AttributionCheck,
  type AttributionDim,
  type CheckedScore,
  type NodeScores,
  placeOf,
} from "./result";

interface CheckRequest {
  inputs: RunInputs;
  metric: Metric;
  nodes: readonly { node: ScoredNode; clean: Tensor }[];
  scores: readonly NodeScores[];
  /** Names of each node's dimensions. */
  dims: readonly string[][];
  by: readonly AttributionDim[];
  count: number;
  seed: number;
  signal?: AbortSignal;
  onChecked: (done: number, of: number) => void;
}

/** Exact values of places drawn at random, each a cell of one sweep. */
export async function checkScores(runner: GraphRunner, request: CheckRequest): Promise<AttributionCheck> {
  const { inputs, metric, nodes, scores, dims, by, count, seed, signal } = request;
  const sizes = scores.map(({ scores: values }) => values.shape.slice(1));
  const counts = sizes.map((own) => own.reduce((a, b) => a * b, 1));
  const total = counts.reduce((a, b) => a + b, 0);
  const places = drawWithoutReplacement(total, Math.min(count, total), seed).map((drawn) => {
    let [node, rest] = [0, drawn];
    while (rest >= counts[node]) rest -= counts[node++];
    return { node, place: placeOf(rest, sizes[node]) };
  });
  const cells = places.map(({ node, place }) => {
    const { clean, node: scored } = nodes[node];
    const slice = dims[node].map((dim): SliceItem => {
      const i = by.indexOf(dim as AttributionDim);
      return i < 0 ? {} : place[i];
    });
    const patch =
      by.length === 0
        ? new ReplacePatch({ value: clean })
        : new ReplacePatch({ value: clean.at(slice), slice });
    return { [scored.info.name]: patch };
  });
  let done = 0;
  const onCells = (ready: readonly unknown[]) => {
    done += ready.length;
    request.onChecked(done, places.length);
  };
  const { samples, base } = await sweep(runner, { inputs, metric, cells, signal, onCells });
  const checked = places.map(({ node, place }, i): CheckedScore => {
    const own = scores[node].scores.at([{}, ...place]).tolist() as number[];
    return {
      node: scores[node].node,
      place,
      score: mean(own),
      exact: mean(samples[i].map((value, text) => value - base[text])),
    };
  });
  return {
    ...correlation(
      checked.map(({ score }) => score),
      checked.map(({ exact }) => exact),
    ),
    places: checked,
  };
}
