import type { CatalogNode } from "@graphpatch/kernel/protocol";
import { arrange, isSeries, type Sibling, type SiblingOrder } from "./series";
import type { Tree, TreeItem } from "./tree";

/** One visible row of the browser. */
export interface Row {
  /** Unique among the rows of a graph. */
  readonly id: string;
  readonly kind: "module" | "node" | "series";
  readonly label: string;
  /** Path to insert; null for a series. */
  readonly path: string | null;
  readonly node: CatalogNode | null;
  readonly moduleType: string;
  /** Beginning at 1, as ARIA counts levels. */
  readonly level: number;
  /** Place among its siblings, beginning at 1, and their number. */
  readonly position: number;
  readonly setSize: number;
  /** Null where there is nothing to expand. */
  readonly isExpanded: boolean | null;
  /** Nodes beneath. */
  readonly count: number;
}

/** How the tree is to be shown. */
export interface Arrangement {
  readonly order: SiblingOrder;
  /** Fewest numbered neighbours that fold into one row; 0 for never. */
  readonly foldThreshold: number;
}

/** Turns the open part of a tree into rows, remembering how siblings were arranged. */
export class RowBuilder {
  constructor(
    private readonly tree: Tree,
    private readonly arrangement: Arrangement,
  ) {}

  /** Rows of the whole tree, as far as `isExpanded` opens it. */
  rows(isExpanded: (id: string) => boolean): Row[] {
    const rows: Row[] = [];
    this.addSiblings(rows, this.siblingsOf(this.tree.root), 1, isExpanded);
    return rows;
  }

  /**
   * Rows of the nodes found (1 at their index) and the modules they stand in. Nothing is folded.
   * `isCollapsed` closes modules among them.
   */
  filteredRows(found: Uint8Array, isCollapsed: (id: string) => boolean): Row[] {
    const { leaves, items, root } = this.tree;
    const kept = new Uint8Array(items.size);
    for (let index = 0; index < leaves.length; index++) {
      if (!found[index]) continue;
      for (let at: TreeItem | null = leaves[index]; at && !kept[at.order]; at = at.parent) kept[at.order] = 1;
    }
    const rows: Row[] = [];
    const add = (parent: TreeItem, level: number): void => {
      const children: TreeItem[] = [];
      for (const sibling of this.siblingsOf(parent)) {
        for (const item of isSeries(sibling) ? sibling.members : [sibling]) {
          if (kept[item.order]) children.push(item);
        }
      }
      for (let at = 0; at < children.length; at++) {
        const item = children[at];
        const hasChildren = item.children.some(({ order }) => kept[order]);
        const isExpanded = hasChildren ? !isCollapsed(item.path) : null;
        rows.push(new ItemRow(item, level, at + 1, children.length, isExpanded));
        if (isExpanded) add(item, level + 1);
      }
    };
    add(root, 1);
    return rows;
  }

  /** The series a place is folded into; null where it has a row of its own. */
  seriesOf(item: TreeItem): string | null {
    if (!item.parent) return null;
    const series = this.siblingsOf(item.parent).find(
      (sibling) => isSeries(sibling) && sibling.members.includes(item),
    );
    return series && isSeries(series) ? series.id : null;
  }

  private addSiblings(
    rows: Row[],
    siblings: readonly Sibling[],
    level: number,
    isExpanded: (id: string) => boolean,
  ): void {
    siblings.forEach((sibling, at) => {
      if (isSeries(sibling)) {
        const open = isExpanded(sibling.id);
        rows.push({
          id: sibling.id,
          kind: "series",
          label: sibling.label,
          path: null,
          node: null,
          moduleType: sibling.members[0].moduleType,
          level,
          position: at + 1,
          setSize: siblings.length,
          isExpanded: open,
          count: sibling.members.length,
        });
        if (open) this.addSiblings(rows, sibling.members, level + 1, isExpanded);
        return;
      }
      const open = sibling.children.length > 0 ? isExpanded(sibling.path) : null;
      rows.push(new ItemRow(sibling, level, at + 1, siblings.length, open));
      if (open) this.addSiblings(rows, this.siblingsOf(sibling), level + 1, isExpanded);
    });
  }

  private siblingsOf(parent: TreeItem): readonly Sibling[] {
    let siblings = this.arranged.get(parent);
    if (!siblings) {
      siblings = arrange(parent.children, this.arrangement.order, this.arrangement.foldThreshold);
      this.arranged.set(parent, siblings);
    }
    return siblings;
  }

  private readonly arranged = new Map<TreeItem, readonly Sibling[]>();
}

/** The row of a module or node. There may be 100,000 of them, so it keeps no more than what is its own. */
class ItemRow implements Row {
  constructor(
    private readonly item: TreeItem,
    readonly level: number,
    readonly position: number,
    readonly setSize: number,
    readonly isExpanded: boolean | null,
  ) {}

  get id(): string {
    return this.item.path;
  }

  get kind(): Row["kind"] {
    return this.item.children.length > 0 ? "module" : "node";
  }

  get label(): string {
    return this.item.label;
  }

  get path(): string {
    return this.item.path;
  }

  get node(): CatalogNode | null {
    return this.item.node;
  }

  get moduleType(): string {
    return this.item.moduleType;
  }

  get count(): number {
    return this.item.node ? this.item.count - 1 : this.item.count;
  }
}
