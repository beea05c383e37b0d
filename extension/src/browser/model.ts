import type { CatalogGraph } from "@graphpatch/kernel/protocol";
import { type ISignal, Signal } from "@lumino/signaling";
import { NO_MARKS } from "../catalog/catalogModel";
import { type BrowserSettings, DEFAULT_SETTINGS } from "../settings";
import type { ICatalogModel, INodeCatalog, NodeMarks } from "../tokens";
import { type NodeFilter, passesFilters } from "./filters";
import { NavigationHistory } from "./history";
import { blockPrefix } from "./pointedRow";
import { type Row, RowBuilder } from "./rows";
import type { SavedGraph, SavedState } from "./savedState";
import { parseQuery, type Query, SearchIndex } from "./search";
import { buildTree, type Tree, type TreeItem } from "./tree";

/** What a graph looked like when the user last left it. */
interface GraphState {
  readonly expanded: Set<string>;
  /** Modules closed by hand while a filter was on. */
  readonly collapsed: Set<string>;
  active: string | null;
  readonly history: NavigationHistory;
}

/** What is computed once for a graph. */
interface Prepared {
  readonly graph: CatalogGraph;
  readonly tree: Tree;
  readonly state: GraphState;
  builder: RowBuilder;
  index: SearchIndex | null;
  /** Of the paths of the model's blocks; null until it is asked for. */
  blocks: string | null;
}

/** Which nodes the browser shows, and which of them is active. Knows nothing of widgets. */
export class BrowserModel {
  constructor(private readonly catalog: INodeCatalog) {
    catalog.currentChanged.connect(this.onCatalog, this);
    this.onCatalog();
  }

  /** Emitted after any change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get source(): ICatalogModel | null {
    return this._source;
  }

  get graphs(): readonly CatalogGraph[] {
    return this._source?.graphs ?? [];
  }

  /** The graph shown: the one chosen, or the one captured last. */
  get graph(): CatalogGraph | null {
    return this.prepared?.graph ?? null;
  }

  get rows(): readonly Row[] {
    if (!this._rows) {
      this._rows = this.makeRows();
      this._activeIndex = null;
    }
    return this._rows;
  }

  /** Prepares for being searched, which the first search of a large graph would otherwise wait for. */
  warmUp(): void {
    if (this.prepared) this.prepared.index ??= new SearchIndex(this.prepared.graph.nodes);
  }

  /** Nodes that match the filter; all of them without one. */
  get matchCount(): number {
    if (!this.isFiltering) return this.graph?.nodes.length ?? 0;
    // Making the rows counts the matches.
    return this.rows.length > 0 ? this._matchCount : 0;
  }

  get query(): Query {
    return this._query;
  }

  get queryText(): string {
    return this._queryText;
  }

  set queryText(text: string) {
    if (text === this._queryText) return;
    this._queryText = text;
    this._query = parseQuery(text);
    this.onFilter();
  }

  get filters(): ReadonlySet<NodeFilter> {
    return this._filters;
  }

  toggleFilter(filter: NodeFilter): void {
    const next = new Set(this._filters);
    if (!next.delete(filter)) next.add(filter);
    this._filters = next;
    this.onFilter();
  }

  clearFilter(): void {
    this._filters = new Set();
    this._queryText = "";
    this._query = parseQuery("");
    this.onFilter();
  }

  get isFiltering(): boolean {
    return this._query.terms.length > 0 || this._filters.size > 0;
  }

  get settings(): BrowserSettings {
    return this._settings;
  }

  set settings(settings: BrowserSettings) {
    this._settings = settings;
    if (this.prepared) this.prepared.builder = new RowBuilder(this.prepared.tree, settings);
    this.invalidate();
  }

  /** Shows another graph of the same kernel. */
  selectGraph(id: string): void {
    if (!this._source) return;
    this.chosen.set(this._source.kernelId, id);
    this.prepare();
    this.invalidate();
  }

  /** Index of the active row; -1 when there is none in sight. */
  get activeIndex(): number {
    const { rows } = this;
    if (this._activeIndex === null) {
      const active = this.prepared?.state.active;
      this._activeIndex = active == null ? -1 : rows.findIndex((row) => row.id === active);
    }
    return this._activeIndex;
  }

  get activeRow(): Row | null {
    return this.rows[this.activeIndex] ?? null;
  }

  activate(id: string | null): void {
    if (!this.prepared || this.prepared.state.active === id) return;
    this.setActive(this.prepared.state, id);
    this._changed.emit();
  }

  private setActive(state: GraphState, id: string | null): void {
    state.active = id;
    this._activeIndex = null;
  }

  /** Opens or closes a row; without `open`, the other way round. */
  toggle(id: string, open?: boolean): void {
    const state = this.prepared?.state;
    if (!state) return;
    // While filtering everything is open unless closed by hand.
    const [set, opens] = this.isFiltering ? [state.collapsed, false] : [state.expanded, true];
    const isOpen = set.has(id) === opens;
    if (open === isOpen) return;
    if (!set.delete(id)) set.add(id);
    this.invalidate();
  }

  collapseAll(): void {
    const state = this.prepared?.state;
    if (!state) return;
    state.expanded.clear();
    if (this.isFiltering) {
      for (const row of this.rows) if (row.isExpanded !== null) state.collapsed.add(row.id);
    }
    this.invalidate();
  }

  /** Opens everything above a place and makes it active. @returns whether the graph has such a place. */
  reveal(path: string): boolean {
    const prepared = this.prepared;
    const item = prepared?.tree.items.get(path);
    if (!prepared || !item || path === "") return false;
    if (this.isFiltering) this.clearFilter();
    for (let at: TreeItem | null = item; at?.parent; at = at.parent) {
      const series = prepared.builder.seriesOf(at);
      if (series) prepared.state.expanded.add(series);
      prepared.state.expanded.add(at.parent.path);
    }
    this.setActive(prepared.state, path);
    this.invalidate();
    return true;
  }

  /** Reveals a place as a link does, so that one can go back. @returns whether the graph has such a place. */
  follow(path: string): boolean {
    const state = this.prepared?.state;
    const from = state?.active ?? null;
    if (!state || !this.reveal(path)) return false;
    if (from !== path) state.history.visit(from, path);
    return true;
  }

  /** Whether one came to where one is by links (-1), or went back from somewhere (1). */
  canGo(step: -1 | 1): boolean {
    return this.prepared?.state.history.has(step) ?? false;
  }

  /** Goes back or forward among the places that were visited by links. */
  go(step: -1 | 1): void {
    const place = this.prepared?.state.history.go(step);
    if (place != null) this.reveal(place);
  }

  /** Place of a node in the graph's list; -1 where the path is no node. A module's path means its output. */
  nodeAt(path: string): number {
    const items = this.prepared?.tree.items;
    const index = items?.get(path)?.index ?? -1;
    return index >= 0 ? index : (items?.get(path === "" ? "output" : `${path}.output`)?.index ?? -1);
  }

  /** Path of a block of the model by its number; null where blocks are not known. */
  blockPath(layer: number): string | null {
    const { prepared } = this;
    if (!prepared) return null;
    prepared.blocks ??= blockPrefix(prepared.tree) ?? "";
    const path = `${prepared.blocks}${layer}`;
    return prepared.tree.items.has(path) ? path : null;
  }

  /** What is to be remembered for the next page. */
  get saved(): SavedState {
    const graphs = new Map(this.restored);
    for (const [key, { expanded, active }] of this.states) {
      const label = this.labels.get(key) ?? key;
      graphs.delete(label);
      graphs.set(label, { expanded: [...expanded], active });
    }
    return { query: this._queryText, filters: [...this._filters], graphs };
  }

  /** Takes up what an earlier page looked like; graphs that are there already stay as they are. */
  restore({ query, filters, graphs }: SavedState): void {
    this.restored = graphs;
    this._queryText = query;
    this._query = parseQuery(query);
    this._filters = new Set(filters);
    if (this.prepared && graphs.has(this.prepared.graph.label)) {
      this.states.clear();
      this.prepared = null;
      this.prepare();
    }
    this.invalidate();
  }

  get marks(): NodeMarks {
    return (this.graph && this._source?.marks(this.graph.id)) ?? NO_MARKS;
  }

  private onCatalog(): void {
    this._source?.changed.disconnect(this.onSource, this);
    this._source = this.catalog.current;
    this._source?.changed.connect(this.onSource, this);
    this.prepare();
    this.invalidate();
  }

  private onSource(_: ICatalogModel, what: "graphs" | "marks" | "status"): void {
    if (what === "graphs") this.prepare();
    const needsRows = what === "graphs" || this._filters.has("patched") || this._filters.has("probed");
    if (what === "marks" && !needsRows) this._changed.emit();
    else this.invalidate();
  }

  private onFilter(): void {
    this.prepared?.state.collapsed.clear();
    this._rows = null;
    const state = this.prepared?.state;
    if (state && this.isFiltering) {
      // Enter in the filter takes the first node found.
      this.setActive(state, this.rows.find((row) => row.node)?.id ?? null);
    } else if (state?.active != null) {
      this.reveal(state.active);
      return;
    }
    this._changed.emit();
  }

  private prepare(): void {
    const source = this._source;
    const chosen = source && this.chosen.get(source.kernelId);
    const graph = source?.graphs.find((candidate) => candidate.id === chosen) ?? source?.graphs.at(-1);
    if (!source || !graph) {
      this.prepared = null;
      return;
    }
    if (this.prepared?.graph === graph) return;
    const tree = buildTree(graph);
    const key = `${source.kernelId}/${graph.id}`;
    const state = this.states.get(key) ?? firstState(tree, this.restored.get(graph.label));
    this.labels.set(key, graph.label);
    this.states.set(key, state);
    this.prepared = {
      graph,
      tree,
      state,
      builder: new RowBuilder(tree, this._settings),
      index: null,
      blocks: null,
    };
  }

  private makeRows(): readonly Row[] {
    const prepared = this.prepared;
    if (!prepared) return [];
    const { state, builder } = prepared;
    if (!this.isFiltering) return builder.rows((id) => state.expanded.has(id));
    return builder.filteredRows(this.find(prepared), (id) => state.collapsed.has(id));
  }

  private find(prepared: Prepared): Uint8Array {
    prepared.index ??= new SearchIndex(prepared.graph.nodes);
    const found = prepared.index.search(this._query);
    const { nodes } = prepared.graph;
    const isFree = this._filters.size === 0;
    const marks = this.marks;
    this._matchCount = 0;
    for (let at = 0; at < found.length; at++) {
      if (found[at] && !isFree && !passesFilters(nodes[at], this._filters, marks)) found[at] = 0;
      this._matchCount += found[at];
    }
    return found;
  }

  private invalidate(): void {
    this._rows = null;
    this._changed.emit();
  }

  private _source: ICatalogModel | null = null;
  private prepared: Prepared | null = null;
  private readonly states = new Map<string, GraphState>();
  private readonly labels = new Map<string, string>();
  /** Of an earlier page, by the graph's label. */
  private restored: ReadonlyMap<string, SavedGraph> = new Map();
  /** Graph chosen by hand, by kernel. */
  private readonly chosen = new Map<string, string>();
  private _rows: readonly Row[] | null = null;
  private _matchCount = 0;
  private _activeIndex: number | null = null;
  private _query: Query = parseQuery("");
  private _queryText = "";
  private _filters: ReadonlySet<NodeFilter> = new Set();
  private _settings: BrowserSettings = DEFAULT_SETTINGS;
  private readonly _changed = new Signal<this, void>(this);
}

function firstState(tree: Tree, saved: SavedGraph | undefined): GraphState {
  return {
    expanded: saved ? new Set(saved.expanded) : firstExpanded(tree),
    collapsed: new Set(),
    active: saved?.active ?? null,
    history: new NavigationHistory(),
  };
}

/** Opens the modules that hold most of the graph, so that a graph greets with its layers and not with one row. */
function firstExpanded(tree: Tree): Set<string> {
  const expanded = new Set<string>();
  const half = tree.root.count / 2;
  let at = tree.root.children.find((child) => child.count > half);
  while (at && at.children.length > 0) {
    expanded.add(at.path);
    at = at.children.find((child) => child.count > half);
  }
  return expanded;
}
