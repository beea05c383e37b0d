import AxeBuilder from "@axe-core/playwright";
import { expect, type IJupyterLabPageFixture, test } from "@jupyterlab/galata";
import type { Locator } from "@playwright/test";
import { keep, openNotebook, run } from "../lib/lab";

/** Values that tell their own place: entry [b, t, h, d] of the tensor is 1000 b + 100 t + 10 h + d / 1000. */
const TENSOR = `
const tokens = ["The", " cat", " sat", " on", " the", " mat"];
const parts = [[2, 1000], [6, 100], [4, 10], [1200, 0.001]].map(([n, unit], dim) =>
  torch.arange(n).float().mul(unit).reshape([0, 1, 2, 3].map((at) => (at === dim ? -1 : 1))));
const named = parts.reduce((sum, part) => sum.add(part)).sub(1000);
heatmap(named, { dims: ["batch", "token", "head", "hidden"], tokens, title: "named" })`;

async function drawn(page: IJupyterLabPageFixture, folder: string, cells: string[]): Promise<Locator> {
  await openNotebook(page, folder, cells, "activation.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  return view;
}

/** The pointer on a part of the picture, from 0 to 1 across and down. */
async function point(page: IJupyterLabPageFixture, view: Locator, x: number, y: number): Promise<void> {
  const box = (await view.locator(".nsewdrag").first().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width * x - 3, box.y + box.height * y);
  await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
}

test("sliders and sides choose what is seen of a tensor, exact values come from the kernel", async ({
  page,
  tmpPath,
}) => {
  const view = await drawn(page, tmpPath, [TENSOR]);
  await expect(view).toContainText(
    "Shown: batch 0 of 2; head 0 of 4; each cell shows the value of largest magnitude among 3 hidden",
  );
  const tooltip = view.locator(".gp-View-tooltip");
  await test.step("the value under the pointer is the tensor's own", async () => {
    // Token 2, cell 200 of 400: hidden 600 to 602; 200 - 1000 + 0.6 … 0.602, the largest magnitude is the first.
    await point(page, view, 200.5 / 400, 2.5 / 6);
    await expect(tooltip).toContainText("token 2: ␣sat");
    await expect(tooltip).toContainText("-799.4 at hidden 600");
    await expect(tooltip).toContainText("of -799.4, -799.399, -799.398");
    await keep(page, "activation-exact");
  });
  await test.step("sliders go through other dimensions", async () => {
    const head = view.getByRole("slider", { name: /head/ });
    await head.fill("3");
    await expect(view).toContainText("Now, from the kernel: batch 0; head 3;");
    await view.getByRole("slider", { name: /batch/ }).fill("1");
    await expect(view).toContainText("Now, from the kernel: batch 1; head 3;");
    await point(page, view, 200.5 / 400, 2.5 / 6);
    // 1000 + 200 + 30 + 0.602 - 1000, summed in float32
    await expect(tooltip).toContainText("230.60205 at hidden 602");
    await keep(page, "activation-sliders");
  });
  await test.step("any dimension can be the rows", async () => {
    await view.getByRole("combobox", { name: "Rows" }).selectOption({ label: "head" });
    await expect(view.getByRole("slider", { name: /token/ })).toBeVisible();
    await expect(view.locator(".ytitle")).toHaveText("head");
    await view.getByRole("slider", { name: /token/ }).fill("5");
    await expect(view).toContainText("token 5: ␣mat");
    await point(page, view, 0.001, 0.5 / 4);
    // batch 1, token 5, head 0: 1000 + 500 - 1000
    await expect(tooltip).toContainText(/500.00\d* at hidden 2/);
  });
});

test("zooming in fetches every value", async ({ page, tmpPath }) => {
  const view = await drawn(page, tmpPath, [TENSOR]);
  const box = (await view.locator(".nsewdrag").first().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const at = (x: number) => box.x + (box.width * x) / 1200;
  await page.mouse.move(at(600), box.y + 5);
  await page.mouse.down();
  await page.mouse.move(at(650), box.y + box.height / 2, { steps: 4 });
  await page.mouse.move(at(700), box.y + box.height - 5, { steps: 4 });
  await page.mouse.up();
  await expect(view).toContainText("every value has a cell");
  await keep(page, "activation-zoomed");
  await point(page, view, 0.5, 0.5);
  await expect(view.locator(".gp-View-tooltip")).toContainText(/hidden 6[45]\d/);
  await view.getByRole("button", { name: "Show the whole" }).click();
  await expect(view).not.toContainText("Now, from the kernel");
});

test("says when the values are gone, and keeps the saved picture", async ({ page, tmpPath }) => {
  const view = await drawn(page, tmpPath, [TENSOR, "named.dispose()"]);
  await run(page, 1);
  const head = view.getByRole("slider", { name: /head/ });
  await head.fill("2");
  await expect(view.locator(".gp-View-status")).toContainText("no longer has these values");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  await expect(head).toHaveValue("0");
  await page.evaluate(async () => {
    await window.galata.app.commands.execute("kernelmenu:shutdown");
  });
  await head.fill("1");
  await expect(view.locator(".gp-View-status")).toContainText("There is no kernel to ask");
  await keep(page, "activation-gone");
  const { violations } = await new AxeBuilder({ page }).include(".gp-View").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});

test("shows no other values than those it was drawn of", async ({ page, tmpPath }) => {
  const view = await drawn(page, tmpPath, [TENSOR, 'named.at("0, 0, 3").zero_();']);
  await run(page, 1);
  await view.getByRole("slider", { name: /head/ }).fill("3");
  await expect(view.locator(".gp-View-status")).toContainText(
    "The tensor was changed in place since this picture was drawn.",
  );
  await expect(view.locator(".gp-View-status")).toContainText("The saved picture is shown.");
  await expect(view.getByRole("slider", { name: /head/ })).toHaveValue("0");
});
