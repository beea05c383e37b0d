/** Most places that are remembered. */
const LONGEST = 100;

/** Places that were visited by following links, to go back and forward among, as in a browser. */
export class NavigationHistory {
  private readonly places: string[] = [];
  private at = -1;

  /** Goes from one place to another; what lay ahead is forgotten. */
  visit(from: string | null, to: string): void {
    this.places.length = this.at + 1;
    if (from !== null && from !== this.places[this.at]) this.places.push(from);
    if (to !== this.places.at(-1)) this.places.push(to);
    this.places.splice(0, this.places.length - LONGEST);
    this.at = this.places.length - 1;
  }

  /** Whether there is a place `step` further (-1 for back). */
  has(step: -1 | 1): boolean {
    return this.places[this.at + step] !== undefined;
  }

  /** Goes there. @returns the place; null when there is none */
  go(step: -1 | 1): string | null {
    const place = this.places[this.at + step];
    if (place === undefined) return null;
    this.at += step;
    return place;
  }
}
