import { expect, it } from "vitest";
import { type TreeItem, tableHtml, treeHtml } from "./html";

function item(label: string, children: TreeItem[] = [], note = ""): TreeItem {
  const count = children.reduce((sum, child) => sum + child.count, 1);
  return { label, note, count, children: () => children };
}

it("writes a tree that opens without scripts, its texts as text", () => {
  const tree = item("Net", [item("<img src=x onerror=alert(1)>", [item("a", [], "add & <b>")])]);
  expect(treeHtml(tree)).toBe(
    '<div class="graphpatch-tree"><details open><summary><code>Net</code></summary><ul><li>' +
      "<details><summary><code>&lt;img src=x onerror=alert(1)&gt;</code></summary><ul><li>" +
      "<code>a</code> <small>add &amp; &lt;b&gt;</small></li></ul></details></li></ul></details></div>",
  );
});

it("says how many places it leaves out", () => {
  const wide = item(
    "root",
    Array.from({ length: 50 }, (_, i) =>
      item(
        `part ${i}`,
        Array.from({ length: 100 }, () => item("leaf")),
      ),
    ),
  );
  const html = treeHtml(wide);
  expect(html).toContain("<code>part 49</code> <small>… 101 places not shown</small>");
  expect(html.length).toBeLessThan(200_000);
});

it("writes tables of text", () => {
  expect(tableHtml(["<a>"], [["&"]])).toBe(
    "<table><thead><tr><th>&lt;a&gt;</th></tr></thead><tbody><tr><td>&amp;</td></tr></tbody></table>",
  );
});
