import AxeBuilder from "@axe-core/playwright";
import { expect, type IJupyterLabPageFixture, test } from "@jupyterlab/galata";
import type { Locator } from "@playwright/test";
import { activationBundle, gridBundle, headsBundle, lensBundle } from "../lib/bundles";
import { pinFonts } from "../lib/fonts";
import { keep, openBrowser, openNotebook, row, run } from "../lib/lab";
import { announceModel, announceRun, displayBundle } from "../lib/pythonKernel";

const SOFTMAX = "model.layers_3.self_attn.softmax";
const DARK = "JupyterLab Dark";
const CONTRAST = "JupyterLab Dark High Contrast";

/** Pictures differ between versions of Chromium in how edges of letters are drawn: what counts is more than that. */
const TOLERANCE = { maxDiffPixelRatio: 0.02, threshold: 0.25 };

/** Compares with the picture in test/browser/screens, which `--update-snapshots` writes. */
async function compare(part: Locator, name: string): Promise<void> {
  await expect(part).toHaveScreenshot(`${name}.png`, TOLERANCE);
}

async function violations(page: IJupyterLabPageFixture, selector: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include(selector).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

test("the node browser and the graph look as they should", async ({ page, tmpPath }) => {
  await page.setViewportSize({ width: 1100, height: 700 });
  await pinFonts(page);
  await openNotebook(page, tmpPath, [announceModel({ layers: 30 }), announceRun([SOFTMAX], ["input_ids"])]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await run(page, 1);
  await browser.getByRole("searchbox").fill("l3 op:softmax");
  await row(browser, "softmax").click();
  await browser.getByRole("searchbox").fill("");
  await expect(row(browser, "softmax")).toBeVisible();
  await browser.getByRole("button", { name: "Graph", exact: true }).click();
  const graph = page.locator(".gp-Graph");
  await expect(graph.locator(".gp-Box[aria-current]")).toContainText("softmax");
  await page.mouse.move(5, 5);
  const parts = async (theme: string): Promise<void> => {
    await compare(browser.getByRole("tree"), `tree-${theme}`);
    await compare(browser.locator(".gp-Detail"), `detail-${theme}`);
    await compare(graph.locator("svg").first(), `graph-${theme}`);
  };
  await parts("light");
  await page.theme.setTheme(DARK);
  await parts("dark");
  for (const theme of [DARK, CONTRAST]) {
    await page.theme.setTheme(theme);
    expect(await violations(page, "#graphpatch-node-browser"), theme).toEqual([]);
    expect(await violations(page, ".gp-Graph"), theme).toEqual([]);
  }
  await keep(page, "contrast-browser");
});

test("views look as they should", async ({ page, tmpPath }) => {
  await page.setViewportSize({ width: 1100, height: 900 });
  await pinFonts(page);
  const bundles = {
    activation: activationBundle(),
    attention: headsBundle(6),
    grid: gridBundle(),
    lens: lensBundle(),
  };
  await openNotebook(page, tmpPath, Object.values(bundles).map(displayBundle));
  await page.sidebar.close("left");
  const views = page.locator(".gp-View");
  for (const at of Object.keys(bundles).keys()) await run(page, at);
  await expect(views).toHaveCount(4);
  const parts = async (theme: string): Promise<void> => {
    for (const [at, name] of Object.keys(bundles).entries()) {
      const view = views.nth(at);
      await view.scrollIntoViewIfNeeded();
      await expect(view.locator(name === "lens" ? "tbody tr" : ".heatmaplayer image").first()).toBeVisible();
      await page.mouse.move(5, 5);
      await compare(view, `${name}-${theme}`);
    }
  };
  await parts("light");
  await page.theme.setTheme(DARK);
  await parts("dark");
  for (const theme of [DARK, CONTRAST]) {
    await page.theme.setTheme(theme);
    await expect(views.nth(0).locator(".heatmaplayer image")).toBeVisible();
    expect(await violations(page, ".gp-View"), theme).toEqual([]);
  }
  await views.nth(0).scrollIntoViewIfNeeded();
  await keep(page, "contrast-views");
});
