import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import { activationBundle } from "../lib/bundles";
import { keep, openBrowser, openNotebook, row, run } from "../lib/lab";
import { announceModel, announceRun } from "../lib/pythonKernel";

const SIZES = [
  { name: "1,000 nodes", model: { layers: 30 }, total: "1,086 nodes" },
  { name: "100,000 nodes", model: { layers: 100, extra: 964 }, total: "100,006 nodes" },
];
const SOFTMAX = "model.layers_3.self_attn.softmax";

/** What is on the clipboard. */
const clipboard = () => navigator.clipboard.readText();

for (const { name, model, total } of SIZES) {
  test(`every action of the browser, with ${name}`, async ({ page, tmpPath }) => {
    test.setTimeout(240_000);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const seen = `import json
probes["${SOFTMAX}"] = probes.get("${SOFTMAX}", 0) + 1
picture = json.loads(${JSON.stringify(JSON.stringify(activationBundle({ node: SOFTMAX })))})
tell_probes("graph-1")`;
    await openNotebook(page, tmpPath, [
      announceModel(model),
      'pg.patch({ "model.lay" })',
      "f()",
      "pg.patch({  }, run)",
      announceRun([SOFTMAX], ["input_ids"]),
      seen,
    ]);
    const browser = await openBrowser(page);
    const status = browser.getByRole("status").first();
    const search = browser.getByRole("searchbox");
    const path = browser.locator(".gp-Detail-path");
    const tree = browser.getByRole("tree");
    // `l3` is also the beginning of layers 30 to 39, which come after it.
    const softmax = row(browser, "softmax").first();
    await run(page, 0);
    await expect(status).toContainText(total, { timeout: 60_000 });

    await test.step("opens a folded series and a module, closes all", async () => {
      await row(browser, /^layers_0 … layers_\d+$/).click();
      await row(browser, "layers_2").click();
      await expect(row(browser, "self_attn")).toBeVisible();
      await page.evaluate(() => void window.galata.app.commands.execute("graphpatch:collapse-all-nodes"));
      await expect(row(browser, "self_attn")).toHaveCount(0);
    });

    await test.step("orders by name, and back", async () => {
      const toggle = () =>
        page.evaluate(() => window.galata.app.commands.execute("graphpatch:toggle-node-order"));
      // Siblings of the root: input_ids, model, lm_head, output.
      const second = browser.locator('[role=treeitem][aria-level="1"][aria-posinset="2"]');
      await expect(second).toContainText("model");
      await toggle();
      await expect(second).toContainText("lm_head");
      await toggle();
      await expect(second).toContainText("model");
    });

    await test.step("filters by sort of node", async () => {
      for (const chip of ["Operators", "Tensors", "Parameters", "Attention"]) {
        await browser.getByRole("button", { name: chip, exact: true }).click();
        await expect(status).toContainText(`of ${total}`);
        await browser.getByRole("button", { name: chip, exact: true }).click();
      }
    });

    await test.step("searches, and a double click writes the name into the string at the cursor", async () => {
      await page.notebook.enterCellEditingMode(1);
      await page.keyboard.press("Control+End");
      for (let step = 0; step < 6; step++) await page.keyboard.press("ArrowLeft");
      await search.fill("l17 op:silu");
      await expect(status).toContainText(`1 of ${total}`);
      await row(browser, "silu").dblclick();
      await expect
        .poll(() => page.notebook.getCellTextInput(1))
        .toBe('pg.patch({ "model.layers_17.mlp.act_fn.silu" })');
    });

    await test.step("Enter in the filter takes the first found", async () => {
      await page.notebook.enterCellEditingMode(2);
      await page.keyboard.press("Control+End");
      await page.keyboard.press("ArrowLeft");
      await search.fill("l3 op:softmax");
      await search.press("Enter");
      await expect.poll(() => page.notebook.getCellTextInput(2)).toBe(`f("${SOFTMAX}")`);
    });

    await test.step("drags a name into a cell", async () => {
      const editor = page.locator(".jp-CodeCell .cm-editor").nth(2);
      await editor.scrollIntoViewIfNeeded();
      await softmax.dragTo(editor, { targetPosition: { x: 600, y: 10 } });
      await expect.poll(() => page.notebook.getCellTextInput(2)).toBe(`f("${SOFTMAX}")"${SOFTMAX}"`);
    });

    await test.step("copies by key and by button", async () => {
      await softmax.click();
      await expect(path).toHaveText(SOFTMAX);
      await tree.focus();
      await page.keyboard.press("Control+c");
      await expect.poll(() => page.evaluate(clipboard)).toBe(SOFTMAX);
      await search.fill("l5 op:silu");
      await row(browser, "silu").first().click();
      await browser.getByRole("button", { name: "Copy", exact: true }).click();
      await expect.poll(() => page.evaluate(clipboard)).toBe("model.layers_5.mlp.act_fn.silu");
    });

    await test.step("follows a link, and goes back and forward", async () => {
      await search.fill("l3 op:softmax");
      await softmax.click();
      await browser.locator(".gp-Detail").getByRole("button", { name: "mul f32" }).first().click();
      await expect(path).toHaveText("model.layers_3.self_attn.mul");
      await browser.getByRole("button", { name: "Back to the node before" }).click();
      await expect(path).toHaveText(SOFTMAX);
      await tree.focus();
      await page.keyboard.press("Alt+ArrowRight");
      await expect(path).toHaveText("model.layers_3.self_attn.mul");
      await page.keyboard.press("Alt+ArrowLeft");
      await expect(path).toHaveText(SOFTMAX);
    });

    await test.step("moves with the keys of a tree", async () => {
      await tree.focus();
      await page.keyboard.press("End");
      await expect(path).not.toHaveText(SOFTMAX);
      await page.keyboard.press("Home");
      await expect(path).toHaveText("input_ids");
      await page.keyboard.press("/");
      await expect(search).toBeFocused();
    });

    await test.step("writes a patch", async () => {
      await search.fill("l3 op:softmax");
      await softmax.click();
      await page.notebook.enterCellEditingMode(3);
      await page.keyboard.press("Home");
      for (let step = 0; step < 11; step++) await page.keyboard.press("ArrowRight");
      await browser.getByRole("button", { name: "Insert Patch…" }).click();
      await page.locator(".jp-Dialog").getByRole("button", { name: "Insert", exact: true }).click();
      await expect
        .poll(() => page.notebook.getCellTextInput(3))
        .toBe(`pg.patch({ "${SOFTMAX}": new ZeroPatch() }, run)`);
    });

    await test.step("badges and filters tell what a run did", async () => {
      await run(page, 4);
      await expect(softmax.locator(".gp-Badge.gp-mod-patched")).toBeVisible();
      await search.fill("");
      await browser.getByRole("button", { name: "Patched", exact: true }).click();
      await expect(status).toContainText(`1 of ${total}`);
      await browser.getByRole("button", { name: "Patched", exact: true }).click();
      await browser.getByRole("button", { name: "Probed", exact: true }).click();
      await expect(row(browser, "input_ids")).toBeVisible();
      await browser.getByRole("button", { name: "Probed", exact: true }).click();
    });

    await test.step("draws the graph around a node, and of a module", async () => {
      await search.fill("l3 op:softmax");
      await softmax.click();
      await browser.getByRole("button", { name: "Graph", exact: true }).click();
      const graph = page.locator(".gp-Graph");
      await expect(graph.locator(".gp-Box[aria-current]")).toContainText("softmax", { timeout: 30_000 });
      await graph.getByLabel("What is shown").selectOption("module");
      await expect(graph.locator(".gp-Graph-subject")).toHaveText("model.layers_3.self_attn");
      await page.evaluate(() => {
        const { shell } = window.galata.app;
        for (const widget of shell.widgets("main")) if (widget.id === "graphpatch-graph") widget.close();
      });
      await expect(graph).toHaveCount(0);
    });

    await test.step("probes live, draws after a run, and stops", async () => {
      await softmax.click();
      await browser.getByRole("button", { name: "Probe Here" }).click();
      const probe = page.locator(".gp-Probe");
      await expect(probe).toContainText("Nothing has been run yet");
      await page.notebook.activate("test.ipynb");
      await run(page, 5);
      await expect(probe.locator(".heatmaplayer image").first()).toBeVisible();
      await browser.getByRole("button", { name: "Stop Probing" }).click();
      await expect(probe).toHaveCount(0);
    });

    await keep(page, `actions-${name.replace(/\D/g, "")}`);
    const { violations } = await new AxeBuilder({ page }).include("#graphpatch-node-browser").analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
  });
}

test("chooses among the graphs of a kernel", async ({ page, tmpPath }) => {
  const second = `${announceModel({ layers: 4, id: "second" }).replace("graphs = [", "graphs += [")}`;
  await openNotebook(page, tmpPath, [announceModel({ layers: 2, id: "first" }), second]);
  const browser = await openBrowser(page);
  const status = browser.getByRole("status").first();
  await run(page, 0);
  await expect(status).toContainText("78 nodes");
  await expect(browser.getByLabel("Graph", { exact: true })).toHaveCount(0);
  await run(page, 1);
  // The one captured last is shown, until another is chosen.
  await expect(status).toContainText("150 nodes");
  await browser.getByLabel("Graph", { exact: true }).selectOption("first");
  await expect(status).toContainText("78 nodes");
  await browser.getByRole("searchbox").fill("l3 op:softmax");
  await expect(status).toContainText("No node matches");
  await browser.getByLabel("Graph", { exact: true }).selectOption("second");
  await expect(status).toContainText("1 of 150 nodes");
});

test("two notebooks side by side each have their own nodes", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 2, id: "one" }), ""], "one.ipynb");
  const browser = await openBrowser(page);
  const status = browser.getByRole("status").first();
  await run(page, 0);
  await openNotebook(page, tmpPath, [announceModel({ layers: 4, id: "two" }), ""], "two.ipynb");
  await run(page, 0);
  await page.evaluate(() => {
    const { shell } = window.galata.app;
    const [first] = Array.from(shell.widgets("main")).filter((widget) => widget.title.label === "one.ipynb");
    shell.add(first, "main", { mode: "split-left" });
  });
  const cells = page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content");
  await expect(cells).toHaveCount(4);
  // The last cell of each: it takes names from the browser of the notebook that it stands in.
  for (const [at, own, other] of [
    [1, "78 nodes", 'x = ""'],
    [3, "150 nodes", 'y = ""'],
    [1, "78 nodes", ""],
  ] as const) {
    await cells.nth(at).click();
    await expect(status).toContainText(own);
    if (other === "") continue;
    await page.keyboard.type(other.slice(0, -2));
    await browser.getByRole("searchbox").fill("op:softmax");
    await row(browser, "softmax").last().dblclick();
    await browser.getByRole("searchbox").fill("");
  }
  await expect(cells.nth(1)).toHaveText('x = "model.layers_1.self_attn.softmax"');
  await expect(cells.nth(3)).toHaveText('y = "model.layers_3.self_attn.softmax"');
  await keep(page, "browser-side-by-side");
});
