import type { BatchEncoding } from "@graphpatch/native";
import { tokenLabel } from "../../views/labels";
import { tableHtml } from "../html";

const MAX_TEXTS = 8;
const MAX_TOKENS = 100;

/** Tokens over their ids, a table a text; padding in brackets. */
export function encodingHtml(encoding: BatchEncoding): string {
  const tables = rowsOf(encoding).map((row) =>
    tableHtml(
      row.map((_, i) => String(i)),
      [row.map(({ token, isPadding }) => (isPadding ? `[${token}]` : token)), row.map(({ id }) => id)],
    ),
  );
  return [...tables, ...leftOut(encoding).map((line) => `<div>${line}</div>`)].join("");
}

export function encodingText(encoding: BatchEncoding): string {
  const lines = rowsOf(encoding).map((row) => row.map(({ token, id }) => `${token} ${id}`).join(" | "));
  const shape = `input_ids, attention_mask: int64[${encoding.input_ids.shape.join(", ")}]`;
  return [shape, ...lines, ...leftOut(encoding)].join("\n");
}

function leftOut({ input_ids }: BatchEncoding): string[] {
  const [texts, length] = input_ids.shape;
  return [
    ...(texts > MAX_TEXTS ? [`… ${texts - MAX_TEXTS} more texts`] : []),
    ...(length > MAX_TOKENS ? [`… ${length - MAX_TOKENS} more tokens in each`] : []),
  ];
}

function rowsOf(encoding: BatchEncoding): { token: string; id: string; isPadding: boolean }[][] {
  const ids = encoding.input_ids.tolist() as number[][];
  const mask = encoding.attention_mask.tolist() as number[][];
  return ids.slice(0, MAX_TEXTS).map((row, text) => {
    const tokens = encoding.tokens(text);
    return row.slice(0, MAX_TOKENS).map((id, i) => ({
      token: tokenLabel(tokens[i]),
      id: String(id),
      isPadding: Number(mask[text][i]) === 0,
    }));
  });
}
