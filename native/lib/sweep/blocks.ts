import { ArgumentError } from "../errors";
import type { NodeInfo } from "../graph/nodeIndex";

/** Where a language model's blocks keep what tracing restores. */
export interface BlockNodes {
  /** Output of each block: [batch, seq, hidden]. */
  states: string[];
  mlp: string[];
  attention: string[];
}

const ATTENTION = ["attn", "self_attn", "attention", "self_attention"];
const MLP = ["mlp", "feed_forward", "ffn"];

/** The blocks of a model, by the names that Hugging Face's models have. @throws ArgumentError when there are none. */
export function findBlocks(nodes: ReadonlyMap<string, NodeInfo>): BlockNodes {
  const output = (module: string): string | null => {
    const names = [`${module}.output`, `${module}.output|sub_0`];
    return names.find((name) => nodes.get(name)?.shape?.length === 3) ?? null;
  };
  const series = new Map<string, number>();
  for (const { name } of nodes.values()) {
    const match = /^(.*?_)(\d+)\./.exec(name);
    if (match) series.set(match[1], Math.max(series.get(match[1]) ?? 0, Number(match[2]) + 1));
  }
  for (const [prefix, count] of series) {
    const paths = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
    const all = (children: readonly string[]) =>
      paths.map(
        (path) => children.map((child) => output(`${path}.${child}`)).find((name) => name !== null) ?? null,
      );
    const lists = [paths.map(output), all(MLP), all(ATTENTION)];
    if (lists.every((list) => list.every((name) => name !== null))) {
      const [states, mlp, attention] = lists as string[][];
      return { states, mlp, attention };
    }
  }
  throw new ArgumentError(
    "no series of blocks with an mlp and an attention module is known in this model; name their nodes yourself in `nodes`",
  );
}
