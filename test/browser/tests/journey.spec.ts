import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, type IJupyterLabPageFixture, test } from "@jupyterlab/galata";
import { keep, open, openBrowser, reload, row } from "../lib/lab";

const NOTEBOOK = path.resolve(__dirname, "../../../notebooks/01-first-patch.ipynb");
/** Loading the model and twenty steps of gradient descent on two busy cores. */
const WHOLE_NOTEBOOK_MS = 300_000;

interface NotebookCell {
  cell_type: string;
  source: string | string[];
}

/** Views that plotly draws, in the notebook's order. */
const pictures = (page: IJupyterLabPageFixture) => page.locator(".gp-View:has(.js-plotly-plot)");

test("the first notebook, from opening it to a name of one's own", async ({ page, tmpPath }) => {
  test.setTimeout(WHOLE_NOTEBOOK_MS + 120_000);
  const target = `${tmpPath}/01-first-patch.ipynb`;
  const content = readFileSync(NOTEBOOK, "utf8");
  await page.contents.uploadContent(content, "text", target);
  await open(page, target);
  const browser = await openBrowser(page);
  await expect(browser).toContainText("PatchableGraph.capture");

  await test.step("runs top to bottom", async () => {
    await page.evaluate(async () => {
      await window.galata.app.commands.execute("notebook:run-all-cells");
    });
    await expect(page.locator(".jp-InputArea-prompt").filter({ hasText: "[*]" })).toHaveCount(0, {
      timeout: WHOLE_NOTEBOOK_MS,
    });
    await expect(
      page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']"),
    ).toHaveCount(0);
  });

  await test.step("shows the graph, the heat map, the attention pattern and the loss curve", async () => {
    await expect(browser.getByRole("status")).toContainText("LlamaForCausalLM");
    await expect(row(browser, "layers_0 … layers_29")).toBeVisible();
    const views = pictures(page);
    await expect(views).toHaveCount(3);
    await expect(page.locator(".gp-View table").first()).toContainText("Paris");
    for (const [at, mark] of [
      ".heatmaplayer image",
      ".heatmaplayer image",
      ".scatterlayer path.js-line",
    ].entries()) {
      await views.nth(at).scrollIntoViewIfNeeded();
      await expect(views.nth(at).locator(mark).first()).toBeVisible();
      await keep(page, `journey-${["heat-map", "attention", "loss"][at]}`);
    }
    await expect(views.nth(0)).toContainText("model.layers_22.mlp.act_fn");
    await expect(page.locator(".jp-Notebook")).toContainText("Paris");
    await expect(page.locator(".jp-Notebook")).toContainText("Rome");
  });

  const { cells } = JSON.parse(content) as { cells: NotebookCell[] };
  await test.step("filters the tree, and a double click inserts the name at the cursor", async () => {
    await page.notebook.addCell("code", 'pg.nodes.get("")');
    const last = cells.length;
    await page.notebook.enterCellEditingMode(last);
    await page.keyboard.press("Control+End");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await browser.getByRole("searchbox").fill("l21 softmax");
    await expect(browser.getByRole("status")).toContainText(/^\d of /);
    await row(browser, "softmax").dblclick();
    await expect
      .poll(() => page.notebook.getCellTextInput(last))
      .toBe('pg.nodes.get("model.layers_21.self_attn.softmax")');
    await keep(page, "journey-insert");
  });

  await test.step("completes a node name inside a string literal, in natural order", async () => {
    await page.notebook.addCell("code", 'pg.patch({ "model.layers_1": new ZeroPatch() });');
    await page.notebook.enterCellEditingMode(cells.length + 1);
    await page.keyboard.press("Home");
    for (let step = 0; step < 'pg.patch({ "model.layers_1'.length; step++)
      await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    const completer = page.locator(".jp-Completer");
    await expect(completer).toBeVisible();
    await expect(completer.locator(".jp-Completer-item").first()).toContainText("model.layers_1");
    await expect(completer).toContainText("model.layers_19");
    await keep(page, "journey-complete");
    await page.keyboard.press("Escape");
  });

  await test.step("is readable in the dark theme", async () => {
    await page.theme.setDarkTheme();
    const view = pictures(page).first();
    await view.scrollIntoViewIfNeeded();
    await expect(view.locator(".heatmaplayer image")).toBeVisible();
    // The notebook draws its cells again for the theme: they are all there when the view has stopped moving.
    await view.scrollIntoViewIfNeeded();
    await view.locator(".nsewdrag").first().click({ trial: true });
    await expect(page.locator(".jp-Cell:visible").first()).toBeVisible();
    await keep(page, "journey-dark");
  });

  await test.step("keeps the nodes over a page reload", async () => {
    await page.notebook.save();
    await reload(page);
    await open(page, target);
    await openBrowser(page);
    // the filter is remembered, too
    await expect(browser.getByRole("status")).toContainText("1 of 3,438 nodes", { timeout: 30_000 });
    await expect(row(browser, "softmax")).toBeVisible();
  });
});
