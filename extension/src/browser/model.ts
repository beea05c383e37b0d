import type { CatalogGraph } from "@graphpatch/kernel/protocol";
import { type ISignal, Signal } from "@lumino/signaling";
import { type BrowserSettings, DEFAULT_SETTINGS } from "../settings";
import type { ICatalogModel, INodeCatalog, NodeMarks } from "../tokens";
import { type NodeFilter, passesFilters } from "./filters";
import { type Row, RowBuilder } from "./rows";
import { parseQuery, type Query, SearchIndex } from "./search";
import { buildTree, type Tree, type TreeItem } from "./tree";

/** What a graph looked like when the user last left it. */
interface GraphState {
  readonly expanded: Set<string>;
  /** Modules closed by hand while a filter was on. */
  readonly collapsed: Set<string>;
  active: string | null;
}

/** What is computed once for a graph. */
interface Prepared {
  readonly graph: CatalogGraph;
  readonly tree: Tree;
  readonly state: GraphState;
  builder: RowBuilder;
  index: SearchIndex | null;
}

const NO_MARKS: NodeMarks = { patched: new Set(), probed: new Set() };

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
    if (!this._rows) this._rows = this.makeRows();
    return this._rows;
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
    const active = this.prepared?.state.active;
    return active == null ? -1 : this.rows.findIndex((row) => row.id === active);
  }

  get activeRow(): Row | null {
    return this.rows[this.activeIndex] ?? null;
  }

  activate(id: string | null): void {
    if (!this.prepared || this.prepared.state.active === id) return;
    this.prepared.state.active = id;
    this._changed.emit();
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
    prepared.state.active = path;
    this.invalidate();
    return true;
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
      state.active = this.rows.find((row) => row.node)?.id ?? null;
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
    const state = this.states.get(key) ?? {
      expanded: firstExpanded(tree),
      collapsed: new Set(),
      active: null,
    };
    this.states.set(key, state);
    this.prepared = { graph, tree, state, builder: new RowBuilder(tree, this._settings), index: null };
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
    const marks = this.marks;
    this._matchCount = 0;
    for (let at = 0; at < found.length; at++) {
      if (found[at] && !passesFilters(prepared.graph.nodes[at], this._filters, marks)) found[at] = 0;
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
  /** Graph chosen by hand, by kernel. */
  private readonly chosen = new Map<string, string>();
  private _rows: readonly Row[] | null = null;
  private _matchCount = 0;
  private _query: Query = parseQuery("");
  private _queryText = "";
  private _filters: ReadonlySet<NodeFilter> = new Set();
  private _settings: BrowserSettings = DEFAULT_SETTINGS;
  private readonly _changed = new Signal<this, void>(this);
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
