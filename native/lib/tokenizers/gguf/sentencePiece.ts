import type { JsonObject } from "../../weights/jsonText";
import type { TokenizerParts } from "./parts";

const METASPACE = "\u2581";

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
 * SentencePiece's BPE with bytes for characters that are no pieces, as transformers makes it of a file of this architecture.
 * @param unknown the piece for what is unknown even so; null for none
 * @param hasSpace whether a space is put before a text
 */
export function sentencePiece(
  architecture: unknown,
  unknown: string | null,
  hasSpace: boolean,
): TokenizerParts {
  const common = { model: { unk_token: unknown, fuse_unk: true, byte_fallback: true }, hasBegin: true };
  const decoder = (...more: JsonObject[]): JsonObject => ({
    type: "Sequence",
    decoders: [...DECODERS, ...more],
  });
  if (isGemma(architecture))
    return { ...common, normalizer: SPACES, pre_tokenizer: null, decoder: decoder() };
  if (architecture === "phi3") {
    // It puts the space before a text that begins with one, too.
    const normalizer = { type: "Sequence", normalizers: [{ type: "Prepend", prepend: METASPACE }, SPACES] };
    return { ...common, normalizer, pre_tokenizer: null, decoder: decoder(STRIP) };
  }
  const prepend_scheme = hasSpace ? "first" : "never";
  const pre_tokenizer = { type: "Metaspace", replacement: METASPACE, prepend_scheme, split: false };
  return { ...common, normalizer: null, pre_tokenizer, decoder: hasSpace ? decoder(STRIP) : decoder() };
}

/** Real spaces in pieces of spaces alone are `▁` elsewhere. */
export function spelledWithMetaspaces(tokens: readonly string[]): string[] {
  return tokens.map((token) => (/^ +$/.test(token) ? METASPACE.repeat(token.length) : token));
}

/**
 * The merges that a vocabulary implies: any two pieces that are a piece together, those of the best piece first (transformers' `generate_merges`).
 * @param score the higher, the earlier
 */
export function impliedMerges(tokens: readonly string[], score: (id: number) => number): string[][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const idOf = (piece: string): number => ids.get(piece) ?? -1;
  const merges: { pair: string[]; score: number; lengths: [number, number] }[] = [];
  for (const [id, token] of tokens.entries()) {
    const characters = [...token];
    const found = characters.slice(1).flatMap((_, i) => {
      const pair = [characters.slice(0, i + 1).join(""), characters.slice(i + 1).join("")];
      const lengths: [number, number] = [i + 1, characters.length - i - 1];
      return pair.every((piece) => ids.has(piece)) ? [{ pair, score: score(id), lengths }] : [];
    });
    found.sort((a, b) => idOf(a.pair[0]) - idOf(b.pair[0]) || idOf(a.pair[1]) - idOf(b.pair[1]));
    for (const merge of found) merges.push(merge);
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ pair }) => pair);
}
