import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import { keep, open, openBrowser, openNotebook, reload, row, run, waitForKernel } from "../lib/lab";
import { announceModel, announceNodes, announceRun } from "../lib/pythonKernel";

test("says what to do when there is no graph", async ({ page, tmpPath }) => {
  const browser = await openBrowser(page);
  await expect(browser).toContainText("Open a notebook");
  await openNotebook(page, tmpPath, ["1"]);
  await expect(browser).toContainText("TypeScript (graphpatch)");
});

test("lists nodes as soon as there is a graph, filters them and inserts a name", async ({
  page,
  tmpPath,
}) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 30 }), 'pg.patch({ "model.lay" })', "x = "]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await expect(browser.getByRole("status")).toContainText("1,086 nodes");
  await expect(row(browser, "layers_0 … layers_29")).toHaveAttribute("aria-expanded", "false");

  await test.step("a double click replaces the string the cursor stands in", async () => {
    await page.notebook.enterCellEditingMode(1);
    await page.keyboard.press("Control+End");
    for (let step = 0; step < 6; step++) await page.keyboard.press("ArrowLeft");
    await browser.getByRole("searchbox").fill("l17mlpact");
    await expect(browser.getByRole("status")).toContainText("1 of 1,086 nodes");
    await row(browser, "silu").dblclick();
    await expect
      .poll(() => page.notebook.getCellTextInput(1))
      .toBe('pg.patch({ "model.layers_17.mlp.act_fn.silu" })');
  });

  await test.step("Enter in the filter takes the first node found, and quotes it", async () => {
    await page.notebook.enterCellEditingMode(2);
    await page.keyboard.press("Control+End");
    await browser.getByRole("searchbox").fill("l3 op:softmax");
    await browser.getByRole("searchbox").press("Enter");
    await expect.poll(() => page.notebook.getCellTextInput(2)).toBe('x = "model.layers_3.self_attn.softmax"');
  });
  await keep(page, "browser-filter");
});

test("is used with the keyboard alone", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 30 }), ""]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await page.notebook.selectCells(1);
  const tree = browser.getByRole("tree");
  const active = browser.locator('[role=treeitem][aria-selected="true"]');
  await tree.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await expect(active).toContainText("model");
  await page.keyboard.press("ArrowLeft");
  await expect(active).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.type("layers");
  await expect(active).toContainText("layers_0 … layers_29");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(active).toHaveAttribute("aria-level", "3");
  await expect(active).toHaveAttribute("aria-setsize", "30");
  await page.keyboard.press("End");
  await expect(active).toHaveAttribute("aria-posinset", /\d+/);
  await page.keyboard.press("Home");
  await expect(tree).toHaveAttribute("aria-activedescendant", (await active.getAttribute("id")) ?? "none");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.notebook.getCellTextInput(1)).toBe('"input_ids"');
});

test("drops a name into a cell, quoted as the place asks", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 2 }), "f()"]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await row(browser, "input_ids").dragTo(page.locator(".jp-CodeCell .cm-editor").nth(1), {
    targetPosition: { x: 400, y: 10 },
  });
  await expect.poll(() => page.notebook.getCellTextInput(1)).toBe('f()"input_ids"');
});

test("marks what the last run patched and probed", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [
    announceModel({ layers: 3 }),
    announceRun(["model.layers_1.mlp.act_fn.silu"], ["model.layers_1.self_attn.softmax"]),
  ]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await browser.getByRole("button", { name: "Patched" }).click();
  await expect(browser.getByRole("status")).toContainText("No node matches");
  await run(page, 1);
  await expect(row(browser, "silu").locator(".gp-Badge")).toContainText("patched");
  await browser.getByRole("button", { name: "Probed" }).click();
  await expect(browser.getByRole("status")).toContainText("2 of");
});

test("keeps its nodes over a page reload", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 5 })]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await expect(browser.getByRole("status")).toContainText("nodes");
  await page.notebook.save();
  await reload(page);
  await open(page, `${tmpPath}/test.ipynb`);
  await openBrowser(page);
  await expect(browser.getByRole("status")).toContainText("186 nodes", { timeout: 30_000 });
});

test.describe("with the server's own kernels", () => {
  // Galata answers requests for kernels itself, and does not know how to restart one.
  test.use({ kernels: null, sessions: null });

  test("forgets its nodes at a restart, and has them again after it", async ({ page, tmpPath }) => {
    await openNotebook(page, tmpPath, [announceModel({ layers: 5 })]);
    const browser = await openBrowser(page);
    await run(page, 0);
    await expect(browser.getByRole("status")).toContainText("186 nodes");
    // The command waits for the dialog, so it is not waited for.
    await page.evaluate(() => void window.galata.app.commands.execute("kernelmenu:restart"));
    await page.locator(".jp-Dialog .jp-mod-accept").click();
    await expect(browser.getByRole("tree")).toHaveCount(0, { timeout: 30_000 });
    await waitForKernel(page);
    await run(page, 0);
    await expect(browser.getByRole("status")).toContainText("186 nodes");
  });

  test.afterEach(async ({ page }) => {
    await page.evaluate(() => window.galata.app.serviceManager.sessions.shutdownAll());
  });
});

test("follows the notebook in use", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 2, id: "one" })], "one.ipynb");
  const browser = await openBrowser(page);
  await run(page, 0);
  await openNotebook(page, tmpPath, [announceModel({ layers: 4, id: "two" })], "two.ipynb");
  await expect(browser.getByRole("tree")).toHaveCount(0);
  await run(page, 0);
  await expect(browser.getByRole("status")).toContainText("150 nodes");
  await page.notebook.activate("one.ipynb");
  await expect(browser.getByRole("status")).toContainText("78 nodes");
  await page.notebook.activate("two.ipynb");
  await expect(browser.getByRole("status")).toContainText("150 nodes");
});

test("shows markup in names as text, and inserts it as a string", async ({ page, tmpPath }) => {
  const name = `model.<img src=x onerror="window.hacked = 1">"+alert(1)+"\u202e`;
  const node = {
    name,
    kind: "operator",
    operator: "aten::<script>window.hacked = 1</script>",
    shape: [1],
    dtype: "<b>float32</b>",
    module: "model",
    moduleType: "<i>M</i>",
    code: "<svg onload='window.hacked = 1'>",
  };
  await openNotebook(page, tmpPath, [announceNodes([node], "<h1>Model</h1>"), "x = ''"]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await page.notebook.enterCellEditingMode(1);
  await page.keyboard.press("Control+End");
  await page.keyboard.press("ArrowLeft");
  await browser.getByRole("treeitem").last().dblclick();
  await expect(browser).toContainText('<img src=x onerror="window.hacked = 1">');
  await expect(browser).toContainText("\\u202e");
  await expect(browser.locator("img, script, svg, b, i, u, h1")).toHaveCount(0);
  await keep(page, "browser-hostile");
  await run(page, 1);
  const error = page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']");
  await expect(error).toHaveCount(0);
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
});

test("has no accessibility violation of its own", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [announceModel({ layers: 30 })]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await browser.getByRole("searchbox").fill("l3mlp");
  await expect(browser.getByRole("status")).toContainText("of 1,086");
  const { violations } = await new AxeBuilder({ page }).include("#graphpatch-node-browser").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});
