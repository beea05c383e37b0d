import { type ISignal, Signal } from "@lumino/signaling";
import type { BrowserModel } from "../browser/model";
import type { Layout, LayoutRequest } from "./layout";
import { type Box, MOST_BOXES, moduleGraph, neighbourhood, type Subgraph } from "./subgraph";

/** What of a graph is shown: a node's surroundings, or what is directly in a module. */
export type GraphScope = "neighbourhood" | "module";

export type GraphStatus = "empty" | "busy" | "ready" | "cancelled" | "too-large" | "failed";

/** Who lays out. */
export interface ILayouter {
  layOut(request: LayoutRequest): Promise<Layout | null>;
  cancel(): void;
  dispose(): void;
}

export const BOX_HEIGHT = 38;
const LETTER_WIDTH = 6.8;
const NARROWEST = 84;
const WIDEST = 240;

/** Which part of the graph is shown, where its boxes are, and which is selected. Knows nothing of widgets. */
export class GraphModel {
  constructor(
    readonly browser: BrowserModel,
    private readonly layouter: ILayouter,
  ) {
    browser.changed.connect(this.onBrowser, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get status(): GraphStatus {
    return this._status;
  }

  /** What went wrong, with the status `failed`. */
  get problem(): string {
    return this._problem;
  }

  /** Number of boxes that would be needed, with the status `too-large`. */
  get tooMany(): number {
    return this._tooMany;
  }

  get subgraph(): Subgraph | null {
    return this._subgraph;
  }

  get layout(): Layout | null {
    return this._layout;
  }

  get scope(): GraphScope {
    return this._scope;
  }

  get depth(): number {
    return this._depth;
  }

  /** Path of the node or module that is shown. */
  get subject(): string | null {
    return this._subject;
  }

  /** Place of the selected box; -1 for none. */
  get selected(): number {
    const active = this.browser.activeRow?.path;
    return this._subgraph?.boxes.findIndex(({ path }) => path === active) ?? -1;
  }

  /** Shows a node with its surroundings, or a module with what is in it. */
  show(path: string, scope?: GraphScope): void {
    const isModule = this.browser.graph?.nodes.every(({ name }) => name !== path) ?? false;
    this._scope = scope ?? (isModule ? "module" : "neighbourhood");
    this._subject = path;
    this.rebuild();
  }

  setDepth(depth: number): void {
    this._depth = depth;
    this.rebuild();
  }

  /** Shows the same place the other way: the module that a node stands in, or the node. */
  setScope(scope: GraphScope): void {
    const active = this.browser.activeRow;
    const path = active?.path ?? this._subject;
    if (path === null) return;
    const at = this.browser.nodeAt(path);
    const node = at >= 0 ? this.browser.graph?.nodes[at] : undefined;
    if (scope === "module") this.show(active?.node ? active.node.module : path, scope);
    else if (node) this.show(node.name, scope);
  }

  /** Selects a box, in the browser, too. */
  select(box: Box): void {
    this.browser.follow(box.path);
  }

  /** Shows what is in a module, or a node's own surroundings. */
  enter(box: Box): void {
    this.browser.follow(box.path);
    this.show(box.path, box.kind === "module" ? "module" : "neighbourhood");
  }

  cancel(): void {
    this.layouter.cancel();
  }

  dispose(): void {
    this.browser.changed.disconnect(this.onBrowser, this);
    this.layouter.dispose();
    Signal.clearData(this);
  }

  private onBrowser(): void {
    const { graph, activeRow } = this.browser;
    const isOther = graph !== this.graphShown;
    const path = activeRow?.path ?? null;
    if (isOther && this._subject !== null && graph && this.browser.nodeAt(this._subject) < 0) {
      this._subject = null;
    }
    // A place that is in the picture is selected there; another one is shown instead.
    const isInSight = this._subgraph?.boxes.some((box) => box.path === path) ?? false;
    if (path !== null && path !== this._subject && (!isInSight || isOther) && activeRow?.kind !== "series") {
      this.show(path);
    } else if (isOther) {
      this.rebuild();
    } else {
      this._changed.emit();
    }
  }

  private rebuild(): void {
    const { graph } = this.browser;
    this.graphShown = graph;
    this.layouter.cancel();
    this._layout = null;
    this._subgraph = null;
    const subject = this._subject;
    if (!graph || subject === null) {
      this.setStatus("empty");
      return;
    }
    if (this._scope === "module") {
      const module = moduleGraph(graph, subject);
      if (typeof module === "number") {
        this._tooMany = module;
        this.setStatus("too-large");
        return;
      }
      this._subgraph = module;
    } else {
      const index = this.browser.nodeAt(subject);
      if (index < 0) {
        this.setStatus("empty");
        return;
      }
      this._subgraph = neighbourhood(graph, index, this._depth);
    }
    void this.layOut(this._subgraph);
  }

  private async layOut(subgraph: Subgraph): Promise<void> {
    this.setStatus("busy");
    try {
      const sizes = subgraph.boxes.map(boxSize);
      const layout = await this.layouter.layOut({ sizes, edges: subgraph.edges });
      // Another part is shown meanwhile.
      if (this._subgraph !== subgraph) return;
      this._layout = layout;
      this.setStatus(layout ? "ready" : "cancelled");
    } catch (error) {
      if (this._subgraph !== subgraph) return;
      this._problem = error instanceof Error ? error.message : String(error);
      this.setStatus("failed");
    }
  }

  private setStatus(status: GraphStatus): void {
    this._status = status;
    this._changed.emit();
  }

  private graphShown: BrowserModel["graph"] = null;
  private _status: GraphStatus = "empty";
  private _problem = "";
  private _tooMany = MOST_BOXES;
  private _subgraph: Subgraph | null = null;
  private _layout: Layout | null = null;
  private _scope: GraphScope = "neighbourhood";
  private _depth = 2;
  private _subject: string | null = null;
  private readonly _changed = new Signal<this, void>(this);
}

/** Wide enough for the longer of a box's two lines, within bounds. */
export function boxSize({ label, note }: Box): { width: number; height: number } {
  const letters = Math.max(label.length, note.length);
  const width = Math.min(WIDEST, Math.max(NARROWEST, letters * LETTER_WIDTH + 24));
  return { width: Math.round(width), height: BOX_HEIGHT };
}
