/** Number of edits (insert, delete, replace) between two strings (Levenshtein 1966), given up above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j] + 1, current[j - 1] + 1));
    }
    if (Math.min(...current) > limit) return limit + 1;
    previous = current;
  }
  return previous[b.length];
}

/** Names that `name` was probably meant to be, the closest first. */
export function closestNames(name: string, known: Iterable<string>, count = 3): string[] {
  const limit = Math.max(2, Math.floor(name.length / 4));
  const lower = name.toLowerCase();
  const scored: { candidate: string; distance: number }[] = [];
  for (const candidate of known) {
    let distance = editDistance(lower, candidate.toLowerCase(), limit);
    // "mlp.act" for "transformer.h_0.mlp.act": the end of a path is what one remembers.
    if (distance > limit && (candidate.endsWith(`.${name}`) || candidate.startsWith(`${name}.`)))
      distance = limit;
    if (distance <= limit) scored.push({ candidate, distance });
  }
  scored.sort((a, b) => a.distance - b.distance);
  return scored.slice(0, count).map(({ candidate }) => candidate);
}
