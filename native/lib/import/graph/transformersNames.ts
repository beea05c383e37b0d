import type { Alias } from "./boundaries";
import { assignedVariable } from "./codeNames";
import type { IrNode } from "./ir";

/**
 * What transformers calls arguments of its modules in all its models: masks, and the two tables of rotary embeddings.
 * Their uses stand in shared functions, of which an archive holds no lines.
 * @param sources the aliases that the value came through, innermost first
 */
export function conventionalName(sources: readonly Alias[], producer: IrNode | undefined): string | null {
  const rotary = sources.find(({ kind, call }) => kind === "output" && call.type.endsWith("RotaryEmbedding"));
  if (rotary && rotary.part !== "") return `position_embeddings|${rotary.part}`;
  const variable = producer ? assignedVariable(producer.frames.at(-1)?.code ?? "") : null;
  if (!variable || !/(?:^|_)mask(?:_mapping)?$/.test(variable)) return null;
  return variable.startsWith("encoder_") ? "encoder_attention_mask" : "attention_mask";
}
