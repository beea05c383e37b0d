import { visibleText } from "../text";
import type { IBodiedKind } from "../tokens";
import { element } from "./elements";
import { FigureError } from "./figure";
import type { ViewBody, ViewContent } from "./viewBody";

const MOST_ROWS = 1000;
const MOST_COLUMNS = 64;
/** `12.34 %`, which gets a bar. */
const SHARE = /^(\d+(?:\.\d+)?) %$/;

/** A table, such as a model's most probable tokens: its values stand in the HTML of the same bundle, whose text alone is taken. */
export const tableView: IBodiedKind = {
  hidesShape: true,
  hasOwnValues: true,
  open: (content) => new TableBody(content),
};

class TableBody implements ViewBody {
  constructor(content: ViewContent) {
    this.update(content);
  }

  readonly node = element("div", "gp-View-tableHost");

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  draw(): void {
    // A table needs no redrawing: its colours and width are the page's own.
  }

  update({ data }: ViewContent): void {
    const [head, ...rows] = cellsOf(data["text/html"]);
    const table = element("table", "gp-View-table");
    table.append(section("thead", [head], "th"), section("tbody", rows, "td"));
    alignHeads(table);
    this.node.replaceChildren(table);
  }

  highlight(): void {
    // Rows of a table stand for nothing that other views point at.
  }

  dispose(): void {
    this._isDisposed = true;
  }

  private _isDisposed = false;
}

/** Texts of the cells of the first table. @throws FigureError when there is none */
function cellsOf(html: unknown): string[][] {
  if (typeof html !== "string")
    throw new FigureError("The values of this table are missing from the notebook.");
  // A document of its own: nothing in it is run or fetched.
  const rows = new DOMParser().parseFromString(html, "text/html").querySelectorAll("table tr");
  const cells = Array.from(rows, (row) =>
    Array.from(row.children, (cell) => visibleText(cell.textContent ?? "")).slice(0, MOST_COLUMNS),
  );
  if (cells.length === 0) throw new FigureError("The values of this table are missing from the notebook.");
  return cells.slice(0, MOST_ROWS + 1);
}

function section(tag: "thead" | "tbody", rows: readonly string[][], cell: "th" | "td"): HTMLElement {
  const made = element(tag);
  made.append(
    ...rows.map((texts) => {
      const row = element("tr");
      row.append(...texts.map((text) => tableCell(cell, text)));
      return row;
    }),
  );
  return made;
}

/** Titles stand where the numbers below them do. */
function alignHeads(table: HTMLTableElement): void {
  const first = Array.from(table.querySelectorAll("tbody tr:first-child td"));
  table.querySelectorAll("th").forEach((head, at) => {
    const isNumber = first[at]?.matches(".gp-mod-number, .gp-mod-share") ?? false;
    head.classList.toggle("gp-mod-number", isNumber);
  });
}

function tableCell(tag: "th" | "td", text: string): HTMLElement {
  const made = element(tag, "", text);
  if (tag === "th") made.setAttribute("scope", "col");
  const share = SHARE.exec(text);
  if (share) {
    made.classList.add("gp-mod-share");
    made.style.setProperty("--gp-share", `${Math.min(100, Number(share[1]))}%`);
  } else if (/^[-−]?\d/.test(text)) made.classList.add("gp-mod-number");
  return made;
}
