import { type ISignal, Signal } from "@lumino/signaling";
import { layerOf } from "../../layers";
import type { Highlight, IHighlights } from "../../tokens";

export class Highlights implements IHighlights {
  get(scope: string): Highlight | null {
    return this.current.get(scope) ?? null;
  }

  set(scope: string, given: Highlight | null): void {
    const highlight = given && withLayer(given);
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

/** A node's block is pointed at with it. */
function withLayer(highlight: Highlight): Highlight {
  const layer = highlight.layer ?? (highlight.node === undefined ? null : layerOf(highlight.node));
  return layer === null ? highlight : { ...highlight, layer };
}

function isSame(one: Highlight | null, other: Highlight | null): boolean {
  if (!one || !other) return one === other;
  return (["node", "layer", "head", "token"] as const).every((part) => one[part] === other[part]);
}
