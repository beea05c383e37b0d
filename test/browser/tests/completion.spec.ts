import { expect, type IJupyterLabPageFixture, test } from "@jupyterlab/galata";
import { keep, openNotebook, run } from "../lib/lab";

const MODEL = `
class Block extends nn.Module {
  readonly fc = new nn.Linear(4, 4);
  forward(x: Tensor): Tensor {
    let y = this.fc.call(x);
    for (let i = 0; i < 12; i++) y = y.add(1);
    return y;
  }
}
class Net extends nn.Module {
  readonly layers = new nn.ModuleList(Array.from({ length: 12 }, () => new Block()));
  forward(input: Tensor): Tensor {
    let x = input;
    for (const layer of this.layers) x = layer.call(x);
    return x;
  }
}
const pg = await PatchableGraph.capture(new Net(), torch.ones([1, 3, 4])); 0`;

/** What the list offers, from above. */
const offered = (page: IJupyterLabPageFixture) => page.locator(".jp-Completer .jp-Completer-match");
const natural = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => (i === 0 ? prefix : `${prefix}_${i}`));

/** Types into a new cell and asks for completions. */
async function complete(page: IJupyterLabPageFixture, text: string): Promise<void> {
  await page.notebook.addCell("code", "");
  await page.notebook.enterCellEditingMode((await page.notebook.getCellCount()) - 1);
  await page.keyboard.type(text);
  const list = page.locator(".jp-Completer");
  // JupyterLab drops what does not come within a second, and then shows nothing.
  await expect(async () => {
    if (!(await list.isVisible())) await page.keyboard.press("Tab");
    await expect(list).toBeVisible({ timeout: 3000 });
  }).toPass();
}

test("completions keep the kernel's order while one types", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [MODEL], "names.ipynb", "graphpatch");
  await run(page, 0);

  await test.step("names of nodes, with their operator, type and shape", async () => {
    await complete(page, 'pg.patch({ "layers_3.a');
    await expect(offered(page)).toHaveText(natural("layers_3.add", 12));
    await expect(page.locator(".jp-Completer .jp-Completer-typeExtended").first()).toHaveText(
      "add · float32[1, 3, 4]",
    );
    await page.keyboard.type("dd_");
    await expect(offered(page)).toHaveText(natural("layers_3.add", 12).slice(1));
    await keep(page, "completion-order");
    await page.keyboard.type("1");
    await expect(offered(page)).toHaveText(["layers_3.add_1", "layers_3.add_10", "layers_3.add_11"]);
    await page.keyboard.press("Enter");
    await expect(page.locator(".jp-Completer")).toBeHidden();
    await expect(page.locator(".jp-Cell.jp-mod-active .cm-content")).toContainText('"layers_3.add_1');
  });

  await test.step("names found by the beginnings of their words", async () => {
    await complete(page, 'pg.node("l3add1');
    await expect(offered(page)).toHaveText(["layers_3.add_1", "layers_3.add_10", "layers_3.add_11"]);
    await page.keyboard.press("Escape");
  });

  await test.step("members of the library, once each", async () => {
    await complete(page, "pg.");
    await expect(offered(page).first()).toBeVisible();
    await page.keyboard.type("pa");
    await expect(offered(page).filter({ hasText: /^patch$/ })).toHaveCount(1);
    await page.keyboard.press("Escape");
  });
});

test("another kernel's completions are left as they are", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, ["value_10 = value_2 = value_1 = 0"], "python.ipynb");
  await run(page, 0);
  await complete(page, "val");
  await page.keyboard.type("ue_");
  await expect(offered(page)).toHaveText(["value_1", "value_10", "value_2"]);
});
