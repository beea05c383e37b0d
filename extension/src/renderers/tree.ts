import { visibleText } from "../text";
import type { Highlight, IBodiedKind } from "../tokens";
import { element } from "./elements";
import { FigureError } from "./figure";
import type { ViewBody, ViewContent, ViewTools } from "./viewBody";

/** A graph, or a part of it, as a tree to open and close: its places stand in the HTML of the same bundle, whose text alone is taken. */
export const treeView: IBodiedKind = {
  hidesShape: true,
  hasOwnValues: true,
  open: (content, tools) => new TreeBody(content, tools),
};

/** A place of the graph. All text is untrusted. */
interface Place {
  readonly label: string;
  readonly note: string;
  /** Full path; "" for a whole graph. */
  readonly path: string;
  readonly children: readonly Place[];
}

/** A place as it is shown; children are made when it is opened first. */
interface Shown {
  readonly place: Place;
  readonly parent: Shown | null;
  readonly item: HTMLElement;
  readonly row: HTMLElement;
  readonly caret: HTMLElement;
  readonly group: HTMLElement;
  children: Shown[] | null;
}

class TreeBody implements ViewBody {
  constructor(
    content: ViewContent,
    private readonly tools: ViewTools,
  ) {
    this.node.setAttribute("role", "tree");
    this.node.addEventListener("keydown", (event) => this.onKey(event));
    this.node.addEventListener("pointerleave", () => tools.point(null));
    this.update(content);
  }

  readonly node = element("div", "gp-View-tree");

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  draw(): void {
    this.tools.setNotes([]);
  }

  update({ view, data }: ViewContent): void {
    this.node.setAttribute("aria-label", visibleText(view.node));
    const root = readTree(data["text/html"], view.root ?? "");
    this.root = this.make(root, null, 1, 1, 1);
    this.node.replaceChildren(this.root.item);
    this.setOpen(this.root, true);
    this.focusOn(this.root, false);
  }

  highlight(highlight: Highlight | null): void {
    this.pointed?.row.classList.remove("gp-mod-pointed");
    this.pointed = highlight?.node === undefined || !this.root ? null : nearest(this.root, highlight.node);
    this.pointed?.row.classList.add("gp-mod-pointed");
  }

  dispose(): void {
    this._isDisposed = true;
  }

  private make(place: Place, parent: Shown | null, level: number, position: number, size: number): Shown {
    const item = element("div");
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", String(level));
    item.setAttribute("aria-posinset", String(position));
    item.setAttribute("aria-setsize", String(size));
    item.setAttribute("aria-label", visibleText(`${place.label} ${place.note}`.trim()));
    item.tabIndex = -1;
    const row = element("div", "gp-View-place");
    row.style.paddingInlineStart = `${(level - 1) * 14}px`;
    const hasChildren = place.children.length > 0;
    const caret = element("span", "gp-View-caret", hasChildren ? "▸" : "");
    caret.setAttribute("aria-hidden", "true");
    row.append(
      caret,
      element("code", "", visibleText(place.label)),
      element("small", "", visibleText(place.note)),
    );
    const group = element("div");
    group.setAttribute("role", "group");
    group.hidden = true;
    item.append(row, ...(hasChildren ? [group] : []));
    const shown: Shown = { place, parent, item, row, caret, group, children: null };
    if (hasChildren) item.setAttribute("aria-expanded", "false");
    row.addEventListener("click", () => {
      if (hasChildren) this.setOpen(shown, group.hidden);
      this.focusOn(shown);
    });
    row.addEventListener("dblclick", () => this.reveal(shown));
    row.addEventListener("pointerenter", () => this.point(shown));
    item.addEventListener("focus", () => this.point(shown));
    this.shown.set(item, shown);
    return shown;
  }

  private setOpen(shown: Shown, isOpen: boolean): void {
    const { place, item, caret, group } = shown;
    if (place.children.length === 0) return;
    if (isOpen && !shown.children) {
      const level = Number(item.getAttribute("aria-level")) + 1;
      const { children } = place;
      shown.children = children.map((child, at) => this.make(child, shown, level, at + 1, children.length));
      group.append(...shown.children.map((child) => child.item));
    }
    group.hidden = !isOpen;
    caret.textContent = isOpen ? "▾" : "▸";
    item.setAttribute("aria-expanded", String(isOpen));
  }

  private onKey(event: KeyboardEvent): void {
    const shown = event.target instanceof HTMLElement ? this.shown.get(event.target) : undefined;
    if (!shown || event.ctrlKey || event.metaKey || event.altKey || !this.onItem(event.key, shown)) return;
    // The notebook would take them for itself.
    event.preventDefault();
    event.stopPropagation();
  }

  /** @returns whether the key means something here */
  private onItem(key: string, shown: Shown): boolean {
    const { group, place, parent } = shown;
    const isOpen = place.children.length > 0 && !group.hidden;
    const rows = (): HTMLElement[] =>
      Array.from(this.node.querySelectorAll<HTMLElement>("[role=treeitem]")).filter(
        (item) => item.closest("[hidden]") === null,
      );
    const goTo = (item: HTMLElement | undefined): void => {
      const next = item && this.shown.get(item);
      if (next) this.focusOn(next);
    };
    switch (key) {
      case "ArrowRight":
        if (isOpen) this.focusOn(shown.children?.[0] ?? shown);
        else this.setOpen(shown, true);
        return true;
      case "ArrowLeft":
        if (isOpen) this.setOpen(shown, false);
        else if (parent) this.focusOn(parent);
        return true;
      case "ArrowDown":
      case "ArrowUp": {
        const all = rows();
        goTo(all[all.indexOf(shown.item) + (key === "ArrowDown" ? 1 : -1)]);
        return true;
      }
      case "Home":
        goTo(rows()[0]);
        return true;
      case "End":
        goTo(rows().at(-1));
        return true;
      case " ":
        this.setOpen(shown, !isOpen);
        return true;
      case "Enter":
        this.reveal(shown);
        return true;
      default:
        return false;
    }
  }

  /** One item is a stop of the Tab key. */
  private focusOn(shown: Shown, takesFocus = true): void {
    if (this.stop) this.stop.item.tabIndex = -1;
    this.stop = shown;
    shown.item.tabIndex = 0;
    if (takesFocus) shown.item.focus();
  }

  private point({ place }: Shown): void {
    this.tools.point(place.path === "" ? null : { node: place.path });
  }

  private reveal({ place }: Shown): void {
    if (place.path !== "") this.tools.reveal(place.path);
  }

  private readonly shown = new WeakMap<HTMLElement, Shown>();
  private root: Shown | null = null;
  private stop: Shown | null = null;
  private pointed: Shown | null = null;
  private _isDisposed = false;
}

/** The place in sight that is, or holds, a node; null where it is elsewhere. */
function nearest(root: Shown, node: string): Shown | null {
  const holds = ({ path }: Place) =>
    path === "" || node === path || node.startsWith(`${path}.`) || node.startsWith(`${path}|`);
  if (!holds(root.place)) return null;
  let at = root;
  for (;;) {
    const next = at.group.hidden ? undefined : at.children?.find(({ place }) => holds(place));
    if (!next) return at === root ? null : at;
    at = next;
  }
}

const MISSING = "The places of this graph are missing from the notebook.";

/** The tree that the kernel wrote as nested `details`. @throws FigureError when there is none */
function readTree(html: unknown, root: string): Place {
  if (typeof html !== "string") throw new FigureError(MISSING);
  // A document of its own: nothing in it is run or fetched.
  const parsed = new DOMParser().parseFromString(html, "text/html").querySelector(".graphpatch-tree");
  if (!parsed?.querySelector("code")) throw new FigureError(MISSING);
  return readPlace(parsed, (label) => ({ label, path: root }));
}

function readPlace(host: Element, nameOf: (label: string) => { label: string; path: string }): Place {
  const details = host.querySelector(":scope > details");
  const line = details?.querySelector(":scope > summary") ?? host;
  const { label, path } = nameOf(line.querySelector(":scope > code")?.textContent ?? "");
  const note = Array.from(line.querySelectorAll(":scope > small"), (own) => own.textContent ?? "").join(" ");
  const items = details ? Array.from(details.querySelectorAll(":scope > ul > li")) : [];
  return {
    label,
    note,
    path,
    children: items.map((item) =>
      readPlace(item, (own) => ({
        label: own.replace(/^\|/, ""),
        path: own.startsWith("|") ? `${path}${own}` : path === "" ? own : `${path}.${own}`,
      })),
    ),
  };
}
