import { type ISignal, Signal } from "@lumino/signaling";
import type { Highlight, IHighlights } from "../../tokens";

export class Highlights implements IHighlights {
  get(scope: string): Highlight | null {
    return this.current.get(scope) ?? null;
  }

  set(scope: string, highlight: Highlight | null): void {
    if (isSame(this.get(scope), highlight)) return;
    if (highlight) this.current.set(scope, highlight);
    else this.current.delete(scope);
    this._changed.emit(scope);
  }

  get changed(): ISignal<IHighlights, string> {
    return this._changed;
  }

  private readonly current = new Map<string, Highlight>();
  private readonly _changed = new Signal<IHighlights, string>(this);
}

function isSame(one: Highlight | null, other: Highlight | null): boolean {
  if (!one || !other) return one === other;
  return (["node", "layer", "head", "token"] as const).every((part) => one[part] === other[part]);
}
