import type { DifferenceRow, ViewDifference } from "@graphpatch/kernel/protocol";
import { visibleText } from "../text";
import type { Highlight, IBodiedKind } from "../tokens";
import type { Theme } from "./drawing";
import { DrawnBody } from "./drawnBody";
import { button, element } from "./elements";
import { FigureError } from "./figure";
import { gridView } from "./grid";
import { formatValue } from "./numbers";
import type { ViewBody, ViewContent, ViewTools } from "./viewBody";

/** Two runs compared: layer × token where the model's blocks are known, and the nodes that changed. */
export const differenceView: IBodiedKind = {
  hidesShape: true,
  hasOwnValues: true,
  open: (content, tools) => new DifferenceBody(content, tools),
};

type Order = "place" | "relative" | "norm" | "maxChange";

class DifferenceBody implements ViewBody {
  constructor(
    private content: ViewContent,
    private readonly tools: ViewTools,
  ) {
    this.grid = content.view.grid ? new DrawnBody(gridView, content, tools) : null;
    this.filter.type = "search";
    this.filter.placeholder = tools.trans.__("Filter nodes");
    this.filter.setAttribute("aria-label", tools.trans.__("Filter nodes"));
    this.filter.addEventListener("input", () => this.fill());
    this.list.tabIndex = 0;
    this.list.setAttribute("role", "region");
    this.list.setAttribute("aria-label", tools.trans.__("Nodes that changed"));
    this.list.addEventListener("pointerleave", () => tools.point(null));
    this.node.append(...(this.grid ? [this.grid.node] : []), this.first, this.filter, this.list);
    this.show();
  }

  readonly node = element("div", "gp-View-body");

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  draw(width: number, theme: Theme): Promise<void> | void {
    if (this.grid) return this.grid.draw(width, theme);
    this.tools.setNotes([]);
  }

  update(content: ViewContent): void {
    this.content = content;
    if (content.view.grid) this.grid?.update(content);
    this.show();
  }

  highlight(highlight: Highlight | null): void {
    this.grid?.highlight(highlight);
    for (const [name, row] of this.rows) {
      const isPointed = highlight?.node !== undefined && isAtOrBelow(highlight.node, name);
      row.classList.toggle("gp-mod-pointed", isPointed);
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this.grid?.dispose();
  }

  private show(): void {
    const { trans } = this.tools;
    const { difference } = this.content.view;
    if (!difference) throw new FigureError("The description of this difference is missing.");
    this.difference = difference;
    const { first, rows } = difference;
    this.first.replaceChildren(
      ...(first === null
        ? [trans.__("No node differs between the two runs.")]
        : [trans.__("The runs part at"), " ", this.nodeButton(first)]),
    );
    this.filter.hidden = this.list.hidden = rows.length === 0;
    this.fill();
  }

  private fill(): void {
    const { difference, order } = this;
    if (!difference) return;
    const wanted = this.filter.value.toLowerCase();
    const found = difference.rows.filter(({ node, operator }) =>
      `${node} ${operator}`.toLowerCase().includes(wanted),
    );
    if (order !== "place") found.sort((one, other) => rank(other[order]) - rank(one[order]));
    this.rows = found.map((row) => [row.node, this.row(row, difference.first)]);
    const table = element("table", "gp-View-table gp-View-nodes");
    const body = element("tbody");
    body.append(...this.rows.map(([, row]) => row));
    table.append(this.head(), body);
    this.list.replaceChildren(table);
  }

  private head(): HTMLElement {
    const { trans } = this.tools;
    const row = element("tr");
    const column = (label: string, order: Order | null): HTMLElement => {
      const cell = element("th", order === null || order === "place" ? "" : "gp-mod-number");
      cell.setAttribute("scope", "col");
      if (order === null) {
        cell.textContent = label;
        return cell;
      }
      cell.setAttribute(
        "aria-sort",
        this.order === order ? (order === "place" ? "ascending" : "descending") : "none",
      );
      const choose = (): void => {
        this.order = order;
        this.fill();
        this.list.querySelector<HTMLElement>(`[data-order=${order}]`)?.focus();
      };
      const sort = button(label, choose, "gp-View-sort");
      sort.dataset.order = order;
      sort.title = order === "place" ? trans.__("In execution order") : trans.__("Largest first");
      cell.append(sort);
      return cell;
    };
    row.append(
      column(trans.__("node"), "place"),
      column(trans.__("operator"), null),
      column(trans.__("relative change"), "relative"),
      column("‖b − a‖", "norm"),
      column("max |b − a|", "maxChange"),
    );
    const head = element("thead");
    head.append(row);
    return head;
  }

  private row(
    { node, operator, relative, norm, maxChange }: DifferenceRow,
    first: string | null,
  ): HTMLTableRowElement {
    const row = element("tr");
    const name = element("td");
    name.append(this.nodeButton(node));
    if (node === first) {
      name.append(element("span", "gp-View-first", this.tools.trans.__("first")));
    }
    const share = element("td", "gp-mod-share", formatValue(Number(relative)));
    const most = Number(relative);
    share.style.setProperty("--gp-share", `${Number.isNaN(most) ? 0 : Math.min(100, 100 * most)}%`);
    row.append(
      name,
      element("td", "", visibleText(operator.replace(/^aten::/, ""))),
      share,
      element("td", "gp-mod-number", formatValue(Number(norm))),
      element("td", "gp-mod-number", formatValue(Number(maxChange))),
    );
    row.addEventListener("pointerenter", () => this.tools.point({ node }));
    return row;
  }

  /** The name of a node, which shows it in the browser. */
  private nodeButton(node: string): HTMLButtonElement {
    const made = button(visibleText(node), () => this.tools.reveal(node), "gp-View-node");
    made.title = this.tools.trans.__("Show in the node browser");
    return made;
  }

  private readonly grid: DrawnBody | null;
  private readonly first = element("p", "gp-View-parting");
  private readonly filter = element("input", "gp-View-filter jp-mod-styled");
  private readonly list = element("div", "gp-View-list");
  private difference: ViewDifference | null = null;
  private rows: (readonly [node: string, row: HTMLTableRowElement])[] = [];
  private order: Order = "place";
  private _isDisposed = false;
}

/** What is no number is the largest change of all. */
function rank(value: DifferenceRow["relative"]): number {
  const number = Number(value);
  return Number.isNaN(number) ? Number.MAX_VALUE : Math.min(number, Number.MAX_VALUE);
}

/** A module's path means what it holds. */
function isAtOrBelow(path: string, node: string): boolean {
  return node === path || node.startsWith(`${path}.`) || node.startsWith(`${path}|`);
}
