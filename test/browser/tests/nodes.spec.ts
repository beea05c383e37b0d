import AxeBuilder from "@axe-core/playwright";
import type { IJupyterLabPageFixture } from "@jupyterlab/galata";
import { expect, test } from "@jupyterlab/galata";
import type { Locator } from "@playwright/test";
import { activationBundle } from "../lib/bundles";
import { keep, open, openBrowser, openNotebook, reload, row, run, savedPlace } from "../lib/lab";
import { announceModel, announceNodes, announceRun } from "../lib/pythonKernel";

const SOFTMAX = "model.layers_3.self_attn.softmax";

/** A graph of about 1,100 nodes, with one of them selected. */
async function openWithNode(
  page: IJupyterLabPageFixture,
  folder: string,
  cells: readonly string[] = [""],
): Promise<Locator> {
  await openNotebook(page, folder, [announceModel({ layers: 30 }), ...cells]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await browser.getByRole("searchbox").fill("l3 op:softmax");
  await row(browser, "softmax").click();
  await expect(browser.locator(".gp-Detail-path")).toHaveText(SOFTMAX);
  return browser;
}

async function violations(page: IJupyterLabPageFixture, selector: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include(selector).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

test("details say what a node is, and link to its neighbours", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath);
  const detail = browser.locator(".gp-Detail");
  for (const fact of [
    "aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
    "batch 1 × head 9 × query 13 × key 13",
    "float32 · cpu",
    "1,521 values, 6.08 kB",
    "LlamaAttention",
    "blocks.3.attn.hook_pattern",
    "softmax(x)",
  ]) {
    await expect(detail).toContainText(fact);
  }
  const back = browser.getByRole("button", { name: "Back to the node before" });
  await expect(back).toBeDisabled();
  await detail.getByRole("button", { name: "mul f32" }).first().click();
  await expect(browser.locator(".gp-Detail-path")).toHaveText("model.layers_3.self_attn.mul");
  await back.click();
  await expect(browser.locator(".gp-Detail-path")).toHaveText(SOFTMAX);
  await browser.getByRole("tree").focus();
  await page.keyboard.press("Alt+ArrowRight");
  await expect(browser.locator(".gp-Detail-path")).toHaveText("model.layers_3.self_attn.mul");
  expect(await violations(page, "#graphpatch-node-browser")).toEqual([]);
});

test("a search finds source lines, and marks what was found", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath);
  await browser.getByRole("searchbox").fill("code:softmax l3");
  await expect(browser.locator(".gp-Row-code mark").first()).toHaveText("softmax");
  await browser.getByRole("searchbox").fill("op:embedding");
  await expect(browser.getByRole("status")).toContainText("1 of 1,086");
});

test("a live probe asks the kernel, and draws after each run", async ({ page, tmpPath }) => {
  const statistics = { min: -1.5, max: 2.25, mean: 0.5, std: 1, nan: 3, inf: 0 };
  const seen = `import json
probes["${SOFTMAX}"] = probes.get("${SOFTMAX}", 0) + 1
picture = json.loads(${JSON.stringify(JSON.stringify(activationBundle({ node: SOFTMAX })))})
value = {"shape": [1, 9, 13, 13], "dtype": "float32", "statistics": json.loads(${JSON.stringify(JSON.stringify(statistics))})}
tell_probes("graph-1")`;
  const browser = await openWithNode(page, tmpPath, [seen]);
  await browser.getByRole("button", { name: "Probe Here" }).click();
  const probe = page.locator(".gp-Probe");
  await expect(probe).toContainText("Nothing has been run yet");
  await expect(row(browser, "softmax").locator(".gp-mod-live")).toBeVisible();
  await page.notebook.activate("test.ipynb");
  await run(page, 1);
  await expect(probe).toContainText("After 1 run");
  await expect(probe.locator(".heatmaplayer image").first()).toBeVisible();
  await expect(browser.locator(".gp-Statistics")).toContainText("2.25");
  await expect(browser.locator(".gp-Warning")).toHaveText("3 NaN");
  await run(page, 1);
  await expect(probe).toContainText("After 2 runs");
  await keep(page, "browser-probe");
  expect(await violations(page, ".gp-Probe")).toEqual([]);

  await test.step("and is there again after a page reload", async () => {
    await page.notebook.save();
    await savedPlace(page, "graphpatch-probe");
    await reload(page);
    await open(page, `${tmpPath}/test.ipynb`);
    await expect(page.locator(".gp-Probe")).toHaveCount(1);
  });
  await openBrowser(page);
  await expect(browser.getByRole("button", { name: "Stop Probing" })).toBeVisible({ timeout: 30_000 });
  await browser.getByRole("button", { name: "Stop Probing" }).click();
  await expect(page.locator(".gp-Probe")).toHaveCount(0);
  await expect(row(browser, "softmax").locator(".gp-mod-live")).toHaveCount(0);
});

test("writes a patch where the cursor is", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath, ["pg.patch({  }, run)"]);
  await page.notebook.enterCellEditingMode(1);
  await page.keyboard.press("Home");
  for (let step = 0; step < 11; step++) await page.keyboard.press("ArrowRight");
  await browser.getByRole("button", { name: "Insert Patch…" }).click();
  const dialog = page.locator(".jp-Dialog");
  await dialog.getByLabel("Patch", { exact: true }).selectOption("add");
  await dialog.getByLabel("head (9)").fill("4");
  await expect(dialog.locator("pre")).toHaveText('new AddPatch({ value: torch.zeros([13]), slice: ":, 4" })');
  expect(await violations(page, ".gp-PatchForm")).toEqual([]);
  await dialog.getByRole("button", { name: "Insert", exact: true }).click();
  await expect
    .poll(() => page.notebook.getCellTextInput(1))
    .toBe(`pg.patch({ "${SOFTMAX}": new AddPatch({ value: torch.zeros([13]), slice: ":, 4" }) }, run)`);
});

test("badges tell whether a patch fired", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath, [
    announceRun([SOFTMAX], [], true),
    announceRun([SOFTMAX], [], false),
  ]);
  await run(page, 1);
  await expect(row(browser, "softmax").locator(".gp-Badge.gp-mod-patched")).toBeVisible();
  await expect(browser.locator(".gp-Detail")).toContainText(
    "AddPatch [0, 3] fired, changed values by up to 0.5",
  );
  await run(page, 2);
  await expect(row(browser, "softmax").locator(".gp-Badge.gp-mod-unfired")).toBeVisible();
  await expect(browser.locator(".gp-Detail")).toContainText("AddPatch [0, 3] did not fire");
});

test("a graph shows where a value comes from, and is walked through", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath);
  await browser.getByRole("button", { name: "Graph", exact: true }).click();
  const graph = page.locator(".gp-Graph");
  const current = graph.locator(".gp-Box[aria-current]");
  await expect(current).toContainText("softmax");
  await expect(graph.getByRole("status")).toContainText("further neighbour");
  await expect(graph.locator(".gp-Edge.gp-mod-path")).not.toHaveCount(0);

  await test.step("by keys and clicks, together with the browser", async () => {
    await current.focus();
    await page.keyboard.press("ArrowUp");
    await expect(current).toContainText("mul");
    await expect(browser.locator(".gp-Detail-path")).toHaveText("model.layers_3.self_attn.mul");
    await graph.locator(".gp-Box", { hasText: "softmax" }).click();
    await expect(browser.locator(".gp-Detail-path")).toHaveText(SOFTMAX);
    const boxes = await graph.locator(".gp-Box").count();
    await graph.getByLabel("Steps from the node").selectOption("4");
    await expect.poll(() => graph.locator(".gp-Box").count()).toBeGreaterThan(boxes);
  });

  await test.step("from module to module", async () => {
    await graph.getByLabel("What is shown").selectOption("module");
    const inner = graph.locator(".gp-Box.gp-mod-module", { hasText: "q_proj" });
    await inner.dblclick();
    await expect(graph.locator(".gp-Graph-subject")).toHaveText("model.layers_3.self_attn.q_proj");
    await expect(graph.locator(".gp-Box", { hasText: "linear" })).toBeVisible();
  });
  expect(await violations(page, ".gp-Graph")).toEqual([]);
  await page.theme.setDarkTheme();
  await expect(graph.locator(".gp-Box").first()).toBeVisible();
  expect(await violations(page, "#graphpatch-node-browser")).toEqual([]);
  await keep(page, "browser-graph-dark");
});

test("a module that is too large is not laid out", async ({ page, tmpPath }) => {
  const nodes = Array.from({ length: 400 }, (_, at) => ({
    name: `big.mul_${at}`,
    kind: "operator",
    operator: "aten::mul.Tensor",
    shape: [1],
    dtype: "float32",
    module: "big",
    moduleType: "<b>Big</b>\u202e",
    code: null,
  }));
  await openNotebook(page, tmpPath, [announceNodes(nodes)]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await browser.getByRole("treeitem").first().click();
  await browser.getByRole("button", { name: "Graph", exact: true }).click();
  await expect(page.locator(".gp-Graph").getByRole("status")).toContainText(
    "This module has 400 parts; at most 300",
  );
  await expect(browser.locator(".gp-Detail")).toContainText("<b>Big</b>\\u202e");
});

test("a layout that takes long can be cancelled, and another one made", async ({ page, tmpPath }) => {
  // Many edges between 290 boxes keep the worker busy for seconds.
  const nodes = Array.from({ length: 290 }, (_, at) => ({
    name: `big.mul_${at}`,
    kind: "operator",
    operator: "aten::mul.Tensor",
    shape: [1],
    dtype: "float32",
    module: "big",
    moduleType: "Big",
    code: null,
    inputs: [1, 2, 3, 5, 8, 13, 21, 34].filter((back) => back <= at).map((back) => at - back),
  }));
  await openNotebook(page, tmpPath, [announceNodes(nodes)]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await browser.getByRole("treeitem").first().click();
  await browser.getByRole("button", { name: "Graph", exact: true }).click();
  const graph = page.locator(".gp-Graph");
  await expect(graph.getByRole("status")).toContainText("Laying out 290 boxes…");
  // The page itself is not held up.
  await graph.getByRole("button", { name: "Cancel" }).click();
  await expect(graph.getByRole("status")).toContainText("Cancelled.");
  await expect(graph.locator(".gp-Box")).toHaveCount(0);
  await browser.getByRole("searchbox").fill("mul_289");
  await browser.getByRole("treeitem").last().click();
  await graph.getByLabel("What is shown").selectOption("neighbourhood");
  await graph.getByLabel("Steps from the node").selectOption("1");
  await expect(graph.locator(".gp-Box[aria-current]")).toContainText("mul_289", { timeout: 30_000 });
});

test("the graph's tab is there again after a page reload", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath);
  await browser.getByRole("button", { name: "Graph", exact: true }).click();
  const graph = page.locator(".gp-Graph");
  await graph.getByLabel("What is shown").selectOption("module");
  await expect(graph.locator(".gp-Graph-subject")).toHaveText("model.layers_3.self_attn");
  await page.notebook.activate("test.ipynb");
  await page.notebook.save();
  await savedPlace(page, "graphpatch-graph");
  await reload(page);
  await open(page, `${tmpPath}/test.ipynb`);
  await expect(page.locator("#graphpatch-graph")).toHaveCount(1);
  await page.evaluate(() => window.galata.app.shell.activateById("graphpatch-graph"));
  await expect(graph.locator(".gp-Box").first()).toBeVisible({ timeout: 30_000 });
});

test("remembers the filter and what was open", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath);
  await browser.getByRole("searchbox").fill("");
  await expect(browser.locator(".gp-Detail-path")).toHaveText(SOFTMAX);
  await browser.getByRole("searchbox").fill("l3 op:softmax");
  await expect(browser.getByRole("status")).toContainText("1 of 1,086");
  await page.notebook.save();
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const { serviceManager } = window.galata.app;
        const workspaces = await serviceManager.workspaces.list();
        return JSON.stringify(workspaces).includes("op:softmax");
      }),
    )
    .toBe(true);
  await reload(page);
  await open(page, `${tmpPath}/test.ipynb`);
  await openBrowser(page);
  await expect(browser.getByRole("searchbox")).toHaveValue("l3 op:softmax", { timeout: 30_000 });
  await browser.getByRole("searchbox").fill("");
  await expect(row(browser, "layers_3")).toBeVisible();
});

test("fits a narrow sidebar", async ({ page, tmpPath }) => {
  const browser = await openWithNode(page, tmpPath);
  await page.evaluate(() => {
    const panel = document.querySelector<HTMLElement>("#graphpatch-node-browser");
    if (panel) panel.style.width = "200px";
  });
  const fits = await browser.evaluate((panel) => {
    const [tree, detail] = ["[role=tree]", ".gp-Detail"].map((part) => panel.querySelector(part));
    return [tree, detail].every((part) => part && part.scrollWidth <= part.clientWidth);
  });
  expect(fits).toBe(true);
});
