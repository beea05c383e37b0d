/** Control, format (bidirectional too), separating and lone surrogate characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Untrusted text with everything made visible that would hide, reorder or break what is around it:
 * a right-to-left override becomes `\u202e`, a line end `↵`.
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === "\n") return "↵";
    if (character === "\t") return "⇥";
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}

/** A token as a label: its leading and lone spaces shown, since they are part of it. */
export function tokenLabel(token: string): string {
  if (token === "") return "∅";
  return visibleText(token).replace(/^ +| +$/g, (spaces) => "␣".repeat(spaces.length));
}
