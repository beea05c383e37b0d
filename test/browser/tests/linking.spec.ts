import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import type { Locator } from "@playwright/test";
import { keep, openBrowser, openNotebook, row, run } from "../lib/lab";

const MODEL = path.resolve(__dirname, "../../fixtures/gpt2-tiny");
const NODE = "transformer.h_1.mlp.output";

/** A tiny model, and three views of it: a difference of two runs, an activation, the graph as a tree. */
const CELLS = [
  `const model = await AutoModelForCausalLM.fromPretrained(${JSON.stringify(MODEL)});
const ids = torch.tensor([[5, 17, 3, 42, 8]], { dtype: "int64" });
const pg = await PatchableGraph.capture(model, { input_ids: ids });
const diff = await pg.diffRuns({ inputs: { input_ids: ids } }, { patches: { "transformer.h_1.mlp": new ScalePatch({ factor: 0.5 }) } });
diff`,
  `const probe = new ProbePatch();
await pg.patch({ "${NODE}": probe }, () => pg.run({ input_ids: ids }));
heatmap(probe.activation, { dims: ["batch", "token", "hidden"] })`,
  "pg",
];

/** The middle of a cell of a view's first map. */
async function cellOf(view: Locator, row: number, rows: number, column: number, columns: number) {
  const box = await view.locator(".nsewdrag").first().boundingBox();
  if (!box) throw new Error("the picture is not in sight");
  return {
    x: box.x + (box.width * (column + 0.5)) / columns,
    y: box.y + (box.height * (row + 0.5)) / rows,
  };
}

test("a node, layer or token that is pointed at is marked in the other views and the browser", async ({
  page,
  tmpPath,
}) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 1440, height: 2000 });
  await openNotebook(page, tmpPath, CELLS, "linked.ipynb", "graphpatch");
  const browser = await openBrowser(page);
  for (const cell of [0, 1, 2]) await run(page, cell);
  const [difference, activation, tree] = [0, 1, 2].map((at) => page.locator(".gp-View").nth(at));
  await expect(difference.locator(".heatmaplayer image")).toHaveCount(3);
  await expect(activation.locator(".heatmaplayer image")).toBeVisible();
  await expect(difference).toContainText(`The runs part at ${NODE}`);
  const pointed = (name: string) => row(browser, name).and(page.locator(".gp-mod-pointed"));

  await test.step("from a grid: its layer in the browser, its token in the activation", async () => {
    // Panel of the blocks: tokens down, layers across.
    const at = await cellOf(difference, 3, 5, 1, 3);
    await page.mouse.move(at.x, at.y);
    await expect(difference.locator(".gp-View-tooltip")).toContainText(/token 3.*layer 1/s);
    await expect(pointed("h_1")).toHaveCount(1);
    await expect(activation.locator(".shapelayer path")).toHaveCount(1);
  });

  await test.step("from an activation: its node in the browser, the tree and the table, its layer in the grid", async () => {
    const at = await cellOf(activation, 2, 5, 4, 32);
    await page.mouse.move(at.x, at.y);
    await expect(activation.locator(".gp-View-tooltip")).toContainText("token 2");
    await expect(pointed("h_1")).toHaveCount(1);
    await expect(difference.locator(".gp-View-nodes tr.gp-mod-pointed")).toContainText(NODE);
    await expect(difference.locator(".shapelayer path")).toHaveCount(3);
    await expect(tree.locator(".gp-View-place.gp-mod-pointed")).toHaveText(/transformer/);
  });

  await test.step("from the browser: the row of the table, the layer of the grid", async () => {
    await row(browser, "h_1").hover();
    await expect(difference.locator(".shapelayer path")).toHaveCount(3);
    await row(browser, "h_1").click();
    await row(browser, "mlp").hover();
    await expect(difference.locator(".gp-View-nodes tr.gp-mod-pointed")).toContainText(NODE);
    await page.mouse.move(5, 5);
    await expect(difference.locator(".shapelayer path")).toHaveCount(0);
  });

  await test.step("a name in the table, or Enter in the tree, shows the node in the browser", async () => {
    await difference.locator(".gp-View-parting").getByRole("button", { name: NODE }).click();
    await expect(browser.locator(".gp-Detail-path")).toHaveText(NODE);
    await tree.getByRole("treeitem").first().focus();
    for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
    await expect(browser.locator(".gp-Detail-path")).not.toHaveText(NODE);
  });
});

test("the difference of two runs: where they part, what changed most, and the values behind a cell", async ({
  page,
  tmpPath,
}) => {
  await openNotebook(page, tmpPath, CELLS.slice(0, 1), "difference.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toHaveCount(3);
  await expect(view.locator(".annotation-text").filter({ hasText: /block|MLP|attention/ })).toHaveText([
    "block",
    "MLP",
    "attention",
  ]);
  const rows = view.locator(".gp-View-nodes tbody tr");
  await expect(rows.first()).toContainText(`${NODE}first`);
  await view.getByRole("button", { name: "relative change" }).click();
  const relative = (at: number) => rows.nth(at).locator("td").nth(2).textContent();
  expect(Number(await relative(0))).toBeGreaterThanOrEqual(Number(await relative(1)));
  await view.getByRole("searchbox").fill("h_2.attn softmax");
  await expect(rows).toHaveCount(0);
  await view.getByRole("searchbox").fill("h_2.attn.softmax");
  await expect(rows).toHaveCount(1);
  await keep(page, "difference");

  await test.step("code of a cell gives its number", async () => {
    // The MLPs: token 2, layer 1. Half of the output was taken away.
    await view.locator(".gp-View-picture").focus();
    for (const key of ["m", "m", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    await expect(view.locator(".gp-View-tooltip")).toContainText(/MLP.*token 2.*layer 1.*0\.5/s);
    await page.keyboard.press("Enter");
    await view.getByRole("button", { name: "Insert below" }).click();
    await run(page, 1);
    const output = page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea");
    await expect(output).toContainText("0.5");
    await expect(output.locator(".heatmaplayer image")).toBeVisible();
  });
  await page.theme.setDarkTheme();
  await keep(page, "difference-dark");
  const { violations } = await new AxeBuilder({ page }).include(".gp-View").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});

test("a graph is a tree to walk through", async ({ page, tmpPath }) => {
  const [first] = CELLS;
  await openNotebook(
    page,
    tmpPath,
    [first.replace(/\nconst diff[\s\S]*/, "\npg")],
    "tree.ipynb",
    "graphpatch",
  );
  await run(page, 0);
  const tree = page.locator(".gp-View").getByRole("tree");
  const item = (name: string) => tree.locator("[role=treeitem]:focus", { hasText: name });
  const root = tree.getByRole("treeitem").first();
  await expect(root).toHaveAttribute("aria-expanded", "true");
  await root.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(item("transformer")).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("ArrowRight");
  await expect(item("transformer")).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowRight");
  await expect(tree.locator("[role=treeitem]:focus")).toHaveAttribute("aria-level", "3");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(item("transformer")).toHaveAttribute("aria-expanded", "false");
  await tree.getByText("transformer", { exact: true }).click();
  await tree.getByText("h_1", { exact: true }).click();
  await expect(tree.getByText("mlp", { exact: true })).toBeVisible();
  await keep(page, "tree");
  await page.theme.setDarkTheme();
  await keep(page, "tree-dark");
  const { violations } = await new AxeBuilder({ page }).include(".gp-View").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});
