import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import {
  activationBundle,
  activationValues,
  attentionBundle,
  headsBundle,
  lineBundle,
  TOKENS,
} from "../lib/bundles";
import { keep, openNotebook, run } from "../lib/lab";
import { displayBundle } from "../lib/pythonKernel";

test("draws an activation, and names the value under the pointer", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [displayBundle(activationBundle())]);
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  await expect(view).toContainText("float32[1, 11, 1536]");
  await expect(view).toContainText("mean −0.1");
  await expect(view).toContainText("Shown: every 8th of 1536 hidden");
  await view.locator(".nsewdrag").hover();
  const tooltip = view.locator(".gp-View-tooltip");
  await expect(tooltip).toContainText(/token 5: ␣is/);
  await expect(tooltip).toContainText(/hidden \d+/);
  await keep(page, "activation");
  // Plotly's upload button is off whatever version of it is bundled.
  await expect(
    view.locator('[data-title*="Share"], [data-title*="Studio"], [data-title*="cloud" i]'),
  ).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).include(".gp-View").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});

test("draws one attention head, all heads, and a curve; in both themes", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [
    displayBundle(attentionBundle()),
    displayBundle(headsBundle(9)),
    displayBundle(lineBundle()),
  ]);
  const views = page.locator(".gp-View");
  await run(page, 0);
  await expect(views.nth(0).locator(".heatmaplayer image")).toBeVisible();
  await expect(views.nth(0).locator(".ytick text").last()).toHaveText("␣of");
  await keep(page, "attention");
  await run(page, 1);
  await expect(views.nth(1).locator(".heatmaplayer image")).toHaveCount(1);
  await expect(views.nth(1).getByRole("button", { name: /Show head/ })).toHaveCount(9);
  await keep(page, "attention-heads");
  await run(page, 2);
  await expect(views.nth(2).locator(".scatterlayer path.js-line")).toBeVisible();
  await keep(page, "line");
  const lightText = await views
    .nth(2)
    .locator(".xtick text")
    .first()
    .evaluate((text) => getComputedStyle(text).fill);
  await page.theme.setDarkTheme();
  await expect
    .poll(() =>
      views
        .nth(2)
        .locator(".xtick text")
        .first()
        .evaluate((text) => getComputedStyle(text).fill),
    )
    .not.toBe(lightText);
  await keep(page, "line-dark");
  await page.notebook.selectCells(0);
  await views.nth(0).scrollIntoViewIfNeeded();
  await keep(page, "attention-dark");
});

test("fits the picture to the page", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [displayBundle(activationBundle())]);
  await run(page, 0);
  const picture = page.locator(".gp-View .main-svg").first();
  await expect(picture).toBeVisible();
  const before = (await picture.boundingBox())?.width ?? 0;
  await page.setViewportSize({ width: 900, height: 900 });
  await expect.poll(async () => (await picture.boundingBox())?.width ?? 0).toBeLessThan(before - 100);
});

test("marks NaN, infinities and clipped values", async ({ page, tmpPath }) => {
  const values = activationValues(TOKENS.length, 192);
  values[100] = Number.NaN;
  values[500] = Number.POSITIVE_INFINITY;
  await openNotebook(page, tmpPath, [displayBundle(activationBundle({ clip: 1.5 }, values))]);
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view).toContainText("× marks NaN.");
  await expect(view).toContainText("Values beyond ±1.5 have the colour of the limit.");
  await expect(view.locator(".scatterlayer .point")).toHaveCount(2);
  await keep(page, "activation-marks");
});

test("says in words what it cannot draw", async ({ page, tmpPath }) => {
  const whole = activationBundle();
  const [viewMime, plotlyMime] = Object.keys(whole);
  const { [plotlyMime]: _, ...withoutValues } = whole;
  await openNotebook(page, tmpPath, [
    displayBundle(withoutValues),
    displayBundle(activationBundle({ kind: "hologram<b>" })),
    displayBundle({ ...whole, [viewMime]: { kind: "activation" } }),
    displayBundle({
      ...whole,
      [plotlyMime]: { data: [{ type: "heatmap", z: { dtype: "f4", bdata: "AAAA" } }] },
    }),
  ]);
  const problems = page.locator(".gp-View-problem");
  for (const cell of [0, 1, 2, 3]) await run(page, cell);
  await expect(problems.nth(0)).toContainText("missing from the notebook");
  await expect(problems.nth(1)).toContainText("cannot draw views of the kind “hologram<b>”");
  await expect(problems.nth(2)).toContainText("damaged");
  await expect(problems.nth(3)).toContainText("cut off");
  await expect(page.locator(".gp-View-text").first()).toContainText("as text");
});

test("a hostile picture runs nothing, links nowhere and fetches nothing", async ({ page, tmpPath }) => {
  const evil = `<img src=x onerror="window.hacked = 1"><a href="https://evil.example/">click</a>`;
  const bundle = attentionBundle(TOKENS.map(() => evil));
  const [viewMime, plotlyMime] = Object.keys(bundle);
  const figure = bundle[plotlyMime] as { data: object[] };
  const hostile = {
    ...bundle,
    [viewMime]: {
      ...(bundle[viewMime] as object),
      node: evil,
      truncated: evil,
      dtype: evil,
      dims: [evil, evil, evil, evil],
    },
    [plotlyMime]: {
      data: figure.data.map((trace) => ({ ...trace, hovertemplate: evil, customdata: [evil], name: evil })),
      layout: {
        title: { text: evil },
        images: [
          { source: "https://evil.example/pixel.png", xref: "paper", yref: "paper", sizex: 1, sizey: 1 },
        ],
        xaxis: { title: { text: evil } },
        annotations: [{ text: evil }],
        template: { layout: { images: [{ source: "https://evil.example/pixel.png" }] } },
      },
      config: { showSendToCloud: true, plotlyServerURL: "https://evil.example", showLink: true },
    },
  };
  const contacted: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).hostname.endsWith("evil.example")) contacted.push(request.url());
  });
  await openNotebook(page, tmpPath, [displayBundle(hostile)]);
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  await expect(view.locator(".gp-View-name")).toHaveText(evil);
  await view.locator(".nsewdrag").hover();
  await expect(view.locator(".gp-View-tooltip")).toContainText("<img src=x");
  await expect(view.locator("a[href], img")).toHaveCount(0);
  await expect(view.locator("a").filter({ hasText: "click" })).toHaveCount(0);
  await keep(page, "view-hostile");
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  expect(contacted).toEqual([]);
});
