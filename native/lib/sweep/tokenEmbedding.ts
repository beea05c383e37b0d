import { ArgumentError } from "../errors";
import { Dataflow } from "../graph/dataflow";
import type { GraphRunner } from "../graph/runner";
import type { NodeSpec } from "../graph/spec";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { dequantise } from "../weights/gguf/dequantise";
import { reference } from "./arguments";
import { tensorOf } from "./tensorOf";

/** The look-up of the tokens' embeddings in a model. */
export interface TokenEmbedding {
  /** The node with the embeddings of a text's tokens. */
  readonly name: string;
  /** Which input of the model has the tokens. */
  readonly input: number;
  /** The value that rows are looked up in, [tokens, …]. */
  readonly table: number;
  /** What makes numbers of those rows, where they are quantised blocks. */
  readonly dequantised: NodeSpec | null;
}

/**
 * The first `embedding` whose indices are an input of the model, or one that was brought to the model's device.
 * @throws ArgumentError if there is none.
 */
export function findEmbedding(runner: GraphRunner): TokenEmbedding {
  const flow = new Dataflow(runner.captured);
  const source = (value: number | null): number | null => {
    const node = value === null ? undefined : flow.producer(value);
    return node && (node.type === "alias" || node.operator === "aten::_to_copy")
      ? source(flow.uses(node)[0])
      : value;
  };
  for (const node of flow.nodes) {
    if (node.operator !== "aten::embedding") continue;
    const table = reference(node, 0);
    const input = runner.captured.spec.inputs.indexOf(source(reference(node, 1)) ?? -1);
    const dequantised =
      flow.nodes.find(
        (user) => user.operator === "graphpatch::dequantize_gguf" && reference(user, 0) === node.results[0],
      ) ?? null;
    const name = flow.info((dequantised ?? node).results[0])?.name;
    if (table !== null && input >= 0 && name) return { name, table, input, dequantised };
  }
  throw new ArgumentError("causalTrace found no embedding of the model's input tokens");
}

/** The embeddings of all tokens, [tokens, width]. */
export async function allEmbeddings(
  runner: GraphRunner,
  inputs: Tensor[],
  { table, dequantised }: TokenEmbedding,
): Promise<Tensor> {
  const values = await runner.run({ inputs, tokens: null, scopes: [], outputs: [table], packed: false });
  const stored = tensorOf(values[0]);
  if (!dequantised) return stored;
  const [, type, dtype] = dequantised.args.map(
    (argument) => argument && "constant" in argument && argument.constant,
  );
  return torch.noGrad(() => dequantise(stored, type as string, dtype as DType));
}
