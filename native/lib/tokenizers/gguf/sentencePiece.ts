import type { JsonObject } from "../../weights/jsonText";
import { METASPACE, type TokenizerParts } from "./parts";

/** Spaces are written as `▁`, in texts and in the pieces. */
const SPACES: JsonObject = { type: "Replace", pattern: { String: " " }, content: METASPACE };
const DECODERS: readonly JsonObject[] = [
  { type: "Replace", pattern: { String: METASPACE }, content: " " },
  { type: "ByteFallback" },
  { type: "Fuse" },
];
/** Takes the space away that was put before the text. */
const STRIP: JsonObject = { type: "Strip", content: " ", start: 1, stop: 0 };

/** Architectures whose tokenizers put no space before a text, and rank pieces by their place in the file. */
export function isGemma(architecture: unknown): boolean {
  return typeof architecture === "string" && /^gemma\d*$/.test(architecture);
}

/**
 * SentencePiece's BPE with bytes for characters that are no pieces.
 * @param unknown the piece for what is unknown even so; null for none
 * @param hasSpace whether a space is put before a text, also before one that begins with a space: as llama.cpp, SentencePiece and Llama 2's own
 *   `tokenizer.json` do. transformers does it for some architectures of GGUF files only.
 */
export function sentencePiece(unknown: string | null, hasSpace: boolean): TokenizerParts {
  const prepend = hasSpace ? [{ type: "Prepend", prepend: METASPACE }] : [];
  return {
    model: { unk_token: unknown, fuse_unk: true, byte_fallback: true },
    hasBegin: true,
    normalizer: { type: "Sequence", normalizers: [...prepend, SPACES] },
    pre_tokenizer: null,
    decoder: { type: "Sequence", decoders: hasSpace ? [...DECODERS, STRIP] : DECODERS },
  };
}

/** Real spaces in pieces of spaces alone are `▁` elsewhere. */
export function spelledWithMetaspaces(tokens: readonly string[]): string[] {
  return tokens.map((token) => (/^ +$/.test(token) ? METASPACE.repeat(token.length) : token));
}

interface Merge {
  readonly pair: string[];
  /** Of the two pieces. */
  readonly ids: readonly [number, number];
  readonly lengths: readonly [number, number];
}

/**
 * The merges that a vocabulary implies: any two pieces that are a piece together, those of the best piece first (transformers' `generate_merges`).
 * @param score the higher, the earlier
 */
export function impliedMerges(tokens: readonly string[], score: (id: number) => number): string[][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const best = [...tokens.keys()].sort((a, b) => score(b) - score(a));
  const merges: string[][] = [];
  for (let start = 0, end = 0; start < best.length; start = end) {
    while (end < best.length && score(best[end]) === score(best[start])) end++;
    const alike = best.slice(start, end).flatMap((id) => mergesOf(tokens[id], ids));
    alike.sort((a, b) => b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
    for (const { pair } of alike) merges.push(pair);
  }
  return merges;
}

/** The ways to make one piece of two, in the order of the first one's id. */
function mergesOf(token: string, ids: ReadonlyMap<string, number>): Merge[] {
  const found: Merge[] = [];
  for (let at = 1; at < token.length; at++) {
    // Not between the halves of a character.
    if ((token.charCodeAt(at) & 0xfc00) === 0xdc00) continue;
    const first = token.slice(0, at);
    const left = ids.get(first);
    if (left === undefined) continue;
    const second = token.slice(at);
    const right = ids.get(second);
    if (right === undefined) continue;
    const lengths = [[...first].length, [...second].length] as const;
    found.push({ pair: [first, second], ids: [left, right], lengths });
  }
  return found.sort((a, b) => a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1]);
}
