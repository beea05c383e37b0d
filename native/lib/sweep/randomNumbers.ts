import type { NodeSpec } from "../graph/spec";
import type { SweepJob } from "./setup";

/** Operators that draw random numbers; where an argument turns that off, its place and what it is then. */
const DRAWING = new Map<string, { argument: number; off: unknown } | null>([
  ["dropout", { argument: 2, off: false }],
  ["feature_dropout", { argument: 2, off: false }],
  ["alpha_dropout", { argument: 2, off: false }],
  ["feature_alpha_dropout", { argument: 2, off: false }],
  ["native_dropout", { argument: 2, off: false }],
  ["rrelu", { argument: 3, off: false }],
  ["scaled_dot_product_attention", { argument: 4, off: 0 }],
  ...[
    ["rand", "rand_like", "randn", "randn_like", "randint", "randint_like", "randperm", "normal"],
    ["normal_functional", "uniform", "random", "exponential", "geometric", "cauchy", "log_normal"],
    ["bernoulli", "binomial", "multinomial", "poisson", "_sample_dirichlet", "_standard_gamma"],
  ]
    .flat()
    .map((name): [string, null] => [name, null]),
]);

function draws({ operator, args }: NodeSpec): boolean {
  const switched = DRAWING.get(operator.replace(/^aten::/, ""));
  if (!switched) return switched === null;
  const given = args[switched.argument];
  // Left out, only fused attention draws nothing.
  if (!given) return switched.off === false;
  return !("constant" in given) || given.constant !== switched.off;
}

/** Whether what the metric reads depends on random numbers, which differ from run to run. */
export function drawsRandomNumbers({ flow, outputs }: Pick<SweepJob, "flow" | "outputs">): boolean {
  const drawing = flow.nodes.filter(draws);
  if (drawing.length === 0) return false;
  const needed = flow.upstreamOf(outputs);
  return drawing.some(({ results }) => results.some((value) => needed.has(value)));
}
