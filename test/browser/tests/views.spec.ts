import { expect, test } from "@jupyterlab/galata";
import { activationBundle, attentionBundle, lineBundle } from "../lib/bundles";
import { keep, openBrowser, openNotebook, run } from "../lib/lab";
import { announceModel, announcePatched, displayBundle } from "../lib/pythonKernel";

test("draws an activation, an attention pattern and a curve", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [
    announceModel({ layers: 30 }),
    displayBundle(activationBundle()),
    announcePatched(["model.layers_3.mlp.act_fn.silu"], ["model.layers_3.self_attn.softmax"]),
    displayBundle(attentionBundle()),
    displayBundle(lineBundle()),
  ]);
  const browser = await openBrowser(page);
  await run(page, 0);
  await run(page, 1);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  await run(page, 2);
  await keep(page, "activation-light");
  await run(page, 3);
  await keep(page, "attention-light");
  await run(page, 4);
  await keep(page, "line-light");
  await browser.getByRole("searchbox").fill("l3mlp");
  await browser.getByRole("treeitem").last().click();
  await page.waitForTimeout(500);
  await keep(page, "filter-light");
  await page.theme.setDarkTheme();
  await page.waitForTimeout(1000);
  await keep(page, "dark");
});
