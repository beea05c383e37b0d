const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that reaches a page as text. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A table that reads without styles; its texts are untrusted. @param head none where empty */
export function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const header = head.length > 0 ? `<thead>${row(head, "th")}</thead>` : "";
  return `<table>${header}<tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
}

/** A place in a tree. Its texts are untrusted. */
export interface TreeItem {
  label: string;
  /** What it is, in a few words. */
  note: string;
  /** Places at and below it. */
  count: number;
  children(): Iterable<TreeItem>;
}

/** More places than this are counted, not written: a notebook keeps every output. */
const MAX_PLACES = 4000;

/** A tree to open and close that needs no scripts. The root is open. */
export function treeHtml(root: TreeItem): string {
  let left = MAX_PLACES;
  const line = ({ label, note }: TreeItem) =>
    `<code>${escapeHtml(label)}</code>${note === "" ? "" : ` <small>${escapeHtml(note)}</small>`}`;
  const write = (item: TreeItem, isOpen: boolean): string => {
    const children = [...item.children()];
    if (children.length === 0) return line(item);
    const summary = `<summary>${line(item)}</summary>`;
    if (left < children.length) return `${line(item)} <small>… ${item.count} places not shown</small>`;
    left -= children.length;
    const list = children.map((child) => `<li>${write(child, false)}</li>`).join("");
    return `<details${isOpen ? " open" : ""}>${summary}<ul>${list}</ul></details>`;
  };
  return `<div class="graphpatch-tree">${write(root, true)}</div>`;
}
