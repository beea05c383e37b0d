/** Whether a word of the path begins at `at`: after a separator, or between letters and digits. */
function isWordStart(path: string, at: number): boolean {
  return at === 0 || /^(?:[._|][^._|]|\d\D|\D\d)/.test(path.slice(at - 1, at + 1));
}

/**
 * Whether `typed` (lower case, without separators) is made of beginnings of the path's words, in order: `h17mlpmul3` in
 * `transformer.h_17.mlp.act.mul_3`. Takes time in proportion to both lengths, whatever they hold.
 */
export function matchesWords(typed: string, path: string): boolean {
  /** Places at which the letters so far can end; null before the first letter. */
  let ends: Set<number> | null = null;
  for (const letter of typed) {
    const first = ends ? Math.min(...ends) : -1;
    const next = new Set<number>();
    for (let at = path.indexOf(letter, first + 1); at >= 0; at = path.indexOf(letter, at + 1)) {
      const follows = ends?.has(at - 1) || (ends?.has(at - 2) && /[._|]/.test(path[at - 1]));
      if (follows || isWordStart(path, at)) next.add(at);
    }
    if (next.size === 0) return false;
    ends = next;
  }
  return ends !== null;
}
