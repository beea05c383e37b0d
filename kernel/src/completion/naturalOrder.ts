const COLLATOR = new Intl.Collator("en", { numeric: true });

/** Order in which `add_2` stands before `add_10`, and `add` before `add_1`. */
export function compareNaturally(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : Number(a > b));
}
