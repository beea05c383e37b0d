import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import { keep, openNotebook } from "../lib/lab";

const CELLS = [
  "torch.arange(12, { dtype: 'float32' }).view([3, 4]).div(7)",
  `class Net extends nn.Module {
  readonly up = new nn.Linear(4, 8);
  readonly down = new nn.Linear(8, 4);
  forward(x: Tensor): Tensor { return this.down.call(this.up.call(x).relu()); }
}
const pg = await PatchableGraph.capture(new Net(), torch.ones([1, 4])); pg`,
  `const probe = new ProbePatch(), zero = new ZeroPatch({ slice: "0, 1" });
await pg.patch({ up: [probe, zero] }, () => pg.run(torch.ones([1, 4]))); ({ up: [probe, zero] })`,
  'Plot({ data: [{ type: "bar", x: ["a", "b"], y: [1, 2] }], layout: { title: { text: "Bars" } } })',
  "function fail(): never {\n  throw new RangeError('too far');\n}\nfail()",
  'const wrong: number = "text"',
  'for (const _ of progress(Array.from({ length: 12 }), "working")) await new Promise((done) => setTimeout(done, 100))',
  'const name = await input("who? "); name.toUpperCase()',
];

test("what cells show reads well in both themes", async ({ page, tmpPath }) => {
  test.setTimeout(240_000);
  await openNotebook(page, tmpPath, CELLS, "displays.ipynb", "graphpatch");
  const outputs = (at: number) => page.locator(".jp-CodeCell").nth(at).locator(".jp-OutputArea");
  for (const at of CELLS.keys()) if (at < CELLS.length - 1) await page.notebook.runCell(at, true);
  await expect(outputs(0)).toContainText("float32[3, 4]");
  await outputs(1).getByText("up", { exact: true }).first().click();
  await expect(outputs(1)).toContainText("float32[8, 4]");
  await expect(outputs(2).getByRole("cell", { name: "ZeroPatch [0, 1]" })).toBeVisible();
  await expect(outputs(3).locator(".barlayer path").first()).toBeVisible();
  await expect(outputs(4)).toContainText("> 2 |   throw new RangeError('too far');");
  await expect(outputs(5)).toContainText("Type 'string' is not assignable to type 'number'.");
  await expect(outputs(6)).toContainText(/working █+ 12\/12 · [\d.]+ \/s · [\d.]+ s/);
  await expect(outputs(6).locator(".jp-OutputArea-child")).toHaveCount(1);

  const last = CELLS.length - 1;
  await page.notebook.selectCells(last);
  await page.keyboard.press("Control+Enter");
  const box = page.locator(".jp-Stdin-input");
  await expect(box).toBeVisible();
  for (const theme of ["light", "dark"] as const) {
    if (theme === "dark") await page.theme.setDarkTheme();
    for (const at of CELLS.keys()) {
      await page.locator(".jp-CodeCell").nth(at).scrollIntoViewIfNeeded();
      await page
        .locator(".jp-CodeCell")
        .nth(at)
        .screenshot({ path: `../artifacts/screenshots/display-${at}-${theme}.png` });
    }
    const { violations } = await new AxeBuilder({ page }).include(".gp-View-tree").analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
    await keep(page, `displays-${theme}`);
  }
  await box.fill("me");
  await box.press("Enter");
  await expect(outputs(last)).toContainText("'ME'");
});
