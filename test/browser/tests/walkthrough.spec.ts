import path from "node:path";
import type { IJupyterLabPageFixture } from "@jupyterlab/galata";
import { expect, test } from "@jupyterlab/galata";
import { keep, openBrowser, openNotebook, row, run } from "../lib/lab";

const LOADING_MS = 180_000;
const CELLS = [
  `const model = await AutoModelForCausalLM.fromPretrained("smollm2-135m-instruct");
const tokenizer = await AutoTokenizer.fromPretrained("smollm2-135m-instruct");
const inputs = tokenizer("The Eiffel Tower is located in the city of");
const pg = await PatchableGraph.capture(model, inputs);`,
  "const { logits } = await pg.run(inputs);\ntopTokens(logits, tokenizer)",
  "",
  `const patched = await pg.patch(
  { "model.layers_21.self_attn.matmul_1": new ZeroPatch({ slice: ":, 4" }), "model.layers_21.mlp": new ProbePatch() },
  () => pg.run(inputs),
);`,
  `const probe = new ProbePatch();
await pg.patch({ "model.layers_22.mlp.act_fn": probe }, () => pg.run(inputs));
probe.activation`,
  `const diff = await pg.diffRuns({ inputs }, { patches: { "model.layers_21.self_attn.output|sub_0": new ZeroPatch() } });
diff`,
];

/** A picture for people to look at; with GRAPHPATCH_DOCS_IMAGES set also the one that the guide shows. */
async function show(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await keep(page, `walk-${name}`);
  if (!process.env.GRAPHPATCH_DOCS_IMAGES) return;
  const images = path.resolve(__dirname, "../../../docs/images");
  await page.screenshot({ path: path.join(images, `${name}.png`) });
}

/** From opening a notebook to a live picture, with a real model. Its pictures are those of the README and the guide. */
test("the node browser with a model", async ({ page, tmpPath }) => {
  test.setTimeout(LOADING_MS + 120_000);
  await page.setViewportSize({ width: 1240, height: 780 });
  await openNotebook(page, tmpPath, CELLS, "tour.ipynb", "graphpatch");
  const browser = await openBrowser(page);
  await expect(browser).toContainText("PatchableGraph.capture");
  await run(page, 0);
  await expect(browser.getByRole("status").first()).toContainText("LlamaForCausalLM", {
    timeout: LOADING_MS,
  });

  await test.step("a search finds a node, and its details say what it is", async () => {
    await browser.getByRole("searchbox").fill("l21 softmax");
    await row(browser, "softmax").click();
    await expect(browser.locator(".gp-Detail")).toContainText("blocks.21.attn.hook_pattern");
    await keep(page, "walk-node-details");
  });

  await test.step("a probe shows the value after each run", async () => {
    await browser.getByRole("button", { name: "Probe Here" }).click();
    const probe = page.locator(".gp-Probe");
    await expect(probe).toContainText("Nothing has been run yet");
    await page.notebook.activate("tour.ipynb");
    await run(page, 1);
    await expect(probe).toContainText("After 1 run");
    await expect(probe.locator(".heatmaplayer image").first()).toBeVisible();
    await expect(browser.locator(".gp-Statistics")).toContainText("max");
    await show(page, "live-probe");
    await browser.getByRole("button", { name: "Stop Probing" }).click();
    await expect(probe).toHaveCount(0);
  });

  await test.step("a graph shows where the value comes from", async () => {
    await browser.getByRole("button", { name: "Graph", exact: true }).click();
    const graph = page.locator(".gp-Graph");
    await expect(graph.locator(".gp-Box").first()).toBeVisible();
    await show(page, "node-graph");
    await graph.getByLabel("What is shown").selectOption("module");
    await expect(graph.locator(".gp-Box.gp-mod-module").first()).toBeVisible();
    await keep(page, "walk-4-module");
    await page.theme.setDarkTheme();
    await keep(page, "walk-5-dark");
    await page.theme.setLightTheme();
  });

  await test.step("a patch is written, and badges show what it did", async () => {
    await page.notebook.activate("tour.ipynb");
    await page.notebook.enterCellEditingMode(2);
    await browser.getByRole("button", { name: "Insert Patch…" }).click();
    await page.getByLabel("head (9)").fill("4");
    await page.getByLabel("batch (1)").fill(":");
    await keep(page, "walk-6-dialog");
    await page.locator(".jp-Dialog .jp-mod-accept").click();
    await expect
      .poll(() => page.notebook.getCellTextInput(2))
      .toContain('{ "model.layers_21.self_attn.softmax": new ZeroPatch({ slice: ":, 4" }) }');
    await run(page, 2);
    await expect(row(browser, "softmax").locator(".gp-mod-patched")).toBeVisible();
    await expect(browser.locator(".gp-Detail")).toContainText("fired, changed values by up to");
    await browser.getByRole("searchbox").fill("");
    await run(page, 3);
    await keep(page, "walk-7-badges");
  });

  await test.step("a probe's value is drawn, and so is the difference of two runs", async () => {
    // Only the notebook beside the browser.
    await page.evaluate(() => {
      for (const widget of window.galata.app.shell.widgets("main"))
        if (widget.id === "graphpatch-graph") widget.close();
    });
    await run(page, 4);
    const views = page.locator(".gp-View");
    const heatmap = views.filter({ hasText: "model.layers_22.mlp.act_fn" });
    await expect(heatmap.locator(".heatmaplayer image")).toBeVisible();
    await heatmap.evaluate((view) => view.scrollIntoView({ block: "end" }));
    await show(page, "first-patch");
    await run(page, 5);
    const difference = views.filter({ hasText: "difference of two runs" });
    await expect(difference.locator(".heatmaplayer image")).toHaveCount(3);
    await expect(difference).toContainText("The runs part at model.layers_21.self_attn.output|sub_0");
    await difference.evaluate((view) => view.scrollIntoView({ block: "start" }));
    await show(page, "difference");
  });
});
