import { type ISignal, Signal } from "@lumino/signaling";
import type { IHighlights } from "../tokens";
import type { BrowserModel } from "./model";

/** Which node the pointer is on, here or in a view of the notebook. */
export class Pointing {
  /** @param highlights what the views share; null where there are none */
  constructor(
    private readonly model: BrowserModel,
    private readonly highlights: IHighlights | null,
  ) {
    highlights?.changed.connect((_, scope) => {
      if (scope === model.source?.kernelId) this._changed.emit(this.node);
    });
  }

  get changed(): ISignal<this, string | null> {
    return this._changed;
  }

  /** Path of the node; of the block, where a view points at a layer. */
  get node(): string | null {
    const { source } = this.model;
    const highlight = source && this.highlights?.get(source.kernelId);
    if (!highlight) return null;
    const { node, layer } = highlight;
    return node ?? (layer === undefined ? null : this.model.blockPath(layer));
  }

  /** Points at what a path means, or with null at nothing. */
  set(path: string | null): void {
    const { source, graph } = this.model;
    if (!source || !this.highlights) return;
    const node = path === null ? null : (graph?.nodes[this.model.nodeAt(path)]?.name ?? null);
    if (node === this.node) return;
    this.highlights.set(source.kernelId, node === null ? null : { node });
  }

  private readonly _changed = new Signal<this, string | null>(this);
}
