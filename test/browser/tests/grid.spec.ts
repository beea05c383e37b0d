import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import { keep, openNotebook, run } from "../lib/lab";

/** A causal trace of made-up numbers, as `pg.causalTrace` returns it. */
const TRACE = `
const tokens = ["The", " E", "iff", "el", " Tower", " is", " located", " in", " the", " city", " of"];
const layers = Array.from({ length: 30 }, (_, l) => String(l));
const made = (middle: number, token: number, height: number) => ({
  label: "probability",
  axes: [{ name: "layer", labels: layers }, { name: "token", labels: tokens }],
  samples: layers.flatMap((_, l) => tokens.map((_, t) => {
    const value = 0.05 + height * Math.exp(-((l - middle) ** 2) / 40 - ((t - token) ** 2) / 2);
    return [value - 0.01, value + 0.01];
  })),
  base: [0.04, 0.06],
});
const trace = {
  clean: 0.7, corrupted: { mean: 0.05, stderr: 0.01, n: 2 }, subject: [1, 5], window: 10,
  grids: { states: made(8, 4, 0.6), mlp: made(10, 4, 0.4), attention: made(20, 10, 0.3) },
};
trace`;

test("draws a causal trace with ROME's conventions, in both themes, and reads its cells out", async ({
  page,
  tmpPath,
}) => {
  await openNotebook(page, tmpPath, [TRACE], "trace.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toHaveCount(3);
  await expect(view.locator(".ytick text").filter({ hasText: "*" })).toHaveText([
    "␣E*",
    "iff*",
    "el*",
    "␣Tower*",
  ]);
  await expect(view.locator(".annotation-text")).toHaveText([
    "state",
    "p(answer)",
    "MLP",
    "p(answer)",
    "attention",
    "p(answer)",
  ]);
  await expect(view).toContainText("Colours begin at the score of the corrupted run, 0.05.");
  await keep(page, "trace");
  // The peak of the states: layer 8, token 4.
  const cells = view.locator(".nsewdrag").first();
  const box = (await cells.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + (box.width * 8.5) / 30, box.y + (box.height * 4.5) / 11);
  const tooltip = view.locator(".gp-View-tooltip");
  await expect(tooltip).toContainText("token 4: ␣Tower (subject)");
  await expect(tooltip).toContainText("layer 8");
  await expect(tooltip).toContainText("p(answer) 0.65 ± 0.01 (standard error, n = 2)");
  await keep(page, "trace-hover");
  await page.theme.setDarkTheme();
  await page.mouse.move(0, 0);
  await keep(page, "trace-dark");
  const { violations } = await new AxeBuilder({ page }).include(".gp-View").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});

test("the arrow keys read cells out, too", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [TRACE], "trace.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toHaveCount(3);
  await view.locator(".gp-View-picture").focus();
  for (const key of ["m", "m", "ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await expect(view.locator(".gp-View-tooltip")).toContainText(/MLP.*token 1: ␣E \(subject\).*layer 2/s);
  await keep(page, "trace-keys");
});
