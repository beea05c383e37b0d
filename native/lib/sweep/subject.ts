import { ArgumentError } from "../errors";

/** The subject of a text: its words, or its tokens from the first up to, but not with, the second. */
export type Subject = string | readonly [number, number];

/**
 * The tokens that a subject covers. Words are looked for in the text that the tokens make together, the first place counts, and a token that
 * holds a part of them counts as a whole (ROME's `find_token_range`).
 * @param tokens readable pieces of the text; null where they are not known.
 * @throws ArgumentError when the text does not have it.
 */
export function subjectTokens(
  subject: Subject,
  tokens: readonly string[] | null,
  length: number,
): [number, number] {
  if (typeof subject !== "string" && !Array.isArray(subject)) {
    throw new ArgumentError(
      `subject: give its words ("The Eiffel Tower"), or its tokens from the first up to, but not with, the second ([0, 4])`,
    );
  }
  if (typeof subject !== "string") {
    const [from, to] = subject;
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= length)) {
      throw new ArgumentError(`subject: tokens ${from} to ${to} are not a part of the text's ${length}`);
    }
    return [from, to];
  }
  if (!tokens) {
    throw new ArgumentError(
      `subject: the text of these inputs is not known; give the numbers of the tokens in the place of ${JSON.stringify(subject)}, or inputs as a tokenizer returns them`,
    );
  }
  const text = tokens.join("");
  const start = text.indexOf(subject);
  if (subject === "" || start < 0) {
    throw new ArgumentError(`subject: ${JSON.stringify(subject)} is not in ${JSON.stringify(text)}`);
  }
  const end = start + subject.length;
  let at = 0;
  const ends = tokens.map((token) => {
    at += token.length;
    return at;
  });
  return [ends.findIndex((place) => place > start), ends.findIndex((place) => place >= end) + 1];
}
