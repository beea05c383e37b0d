import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";
import { drawAttention, drawGridChart, drawHeatmap, drawingBundle, drawLines } from "../../kernel/src/views";
import { tableBundle } from "../../kernel/src/views/table";
import { torch } from "../../native/lib/torch";

const folder = mkdtempSync(join(tmpdir(), "graphpatch-saved-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a notebook with every picture becomes a page that reads without scripts or the network", () => {
  const tokens = ["a", "<script>alert(1)</script>", "c"];
  const drawings = [
    drawHeatmap(torch.randn([3, 8]), { node: "m.<b>act</b>", dims: ["token", "hidden"], tokens }),
    drawAttention(torch.rand([4, 3, 3]), { tokens }),
    drawGridChart(torch.randn([2, 3]), () => ({}), { tokens }),
    drawLines({ loss: [3, 2, 1] }),
  ];
  const bundles = [
    ...drawings.map(drawingBundle),
    tableBundle({ title: "t", columns: ["token", "p"], rows: [["<script>alert(2)</script>", "12.34 %"]] }),
  ];
  const cells = bundles.map(({ data, metadata }, at) => ({
    cell_type: "code",
    execution_count: at,
    id: `cell-${at}`,
    metadata: {},
    source: "",
    outputs: [{ output_type: "display_data", data, metadata }],
  }));
  writeFileSync(
    join(folder, "saved.ipynb"),
    JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }),
  );
  const python = resolve(__dirname, "../../.venv/bin/python");
  execFileSync(python, ["-m", "nbconvert", "--to", "html", "--template", "basic", "saved.ipynb"], {
    cwd: folder,
  });
  const page = readFileSync(join(folder, "saved.html"), "utf8");
  expect(page.match(/<img[^>]* src="data:image\/png;base64,/g)).toHaveLength(4);
  expect(page).toContain("<td>&lt;script&gt;alert(2)&lt;/script&gt;</td><td>12.34 %</td>");
  expect(page).not.toContain("<script>alert");
  expect(page).not.toMatch(/src="https?:/);
});
