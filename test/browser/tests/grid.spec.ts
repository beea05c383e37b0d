import path from "node:path";
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
  clean: 0.7, corrupted: { mean: 0.05, stderr: 0.01, n: 2 }, subject: [1, 5] as [number, number], window: 10,
  grids: { states: made(8, 4, 0.6), mlp: made(10, 4, 0.4), attention: made(20, 10, 0.3) },
};
gridChart(trace)`;

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

const MODEL = path.resolve(__dirname, "../../fixtures/gpt2-tiny");

/** A sweep over a tiny model: a number added to each block's output at each token. */
const SWEEP = `
const model = await AutoModelForCausalLM.fromPretrained(${JSON.stringify(MODEL)});
const ids = torch.tensor([[5, 17, 3, 42, 8]], { dtype: "int64" });
const pg = await PatchableGraph.capture(model, { input_ids: ids });
const blocks = ["transformer.h_0", "transformer.h_1"];
const map = await pg.sweep({
  inputs: { input_ids: ids },
  cells: blocks.map((block) => [0, 1, 2, 3, 4].map((t) => ({ [block]: new AddPatch({ value: 0.5, slice: [{}, t] }) }))),
  axes: ["layer", { name: "token", labels: ["one", " two", " three", " four", " five"] }],
  metric: logProbability({ token: 9 }),
});
map`;

test("a click on a cell offers code that runs the cell again", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [SWEEP], "sweep.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  await view.locator(".gp-View-picture").focus();
  for (const key of ["m", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
  const tooltip = view.locator(".gp-View-tooltip");
  await expect(tooltip).toContainText("token 2: ␣three");
  const shown = /log-probability (\S+)/.exec((await tooltip.textContent()) ?? "")?.[1].replace("−", "-");
  await page.keyboard.press("Enter");
  const offer = view.getByRole("region", { name: "Code of a cell" });
  await expect(offer).toContainText("const cell = map.cell(1, 2);");
  await keep(page, "grid-code");
  await offer.getByRole("button", { name: "Insert below" }).click();
  await expect.poll(() => page.notebook.getCellCount()).toBe(2);
  await run(page, 1);
  const output = page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-executeResult");
  await expect(output).toContainText(/-?\d/);
  const again = Number(/-?\d+\.\d+/.exec((await output.textContent()) ?? "")?.[0]);
  expect(again).toBeCloseTo(Number(shown), 2);
  await keep(page, "grid-code-run");
});

test("what one view points at is framed in the others of the notebook", async ({ page, tmpPath }) => {
  const other = `heatmap(torch.randn([5, 40]), { dims: ["token", "hidden"], tokens: ["one", " two", " three", " four", " five"] })`;
  const grid = `gridChart(torch.randn([3, 5]), { tokens: ["one", " two", " three", " four", " five"] })`;
  await openNotebook(page, tmpPath, [grid, other], "linked.ipynb", "graphpatch");
  await run(page, 0);
  await run(page, 1);
  const views = page.locator(".gp-View");
  await expect(views.nth(1).locator(".heatmaplayer image")).toBeVisible();
  const box = (await views.nth(0).locator(".nsewdrag").first().boundingBox()) ?? {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
  };
  await page.mouse.move(box.x + box.width / 2, box.y + (box.height * 3.5) / 5);
  await expect(views.nth(0).locator(".gp-View-tooltip")).toContainText("token 3: ␣four");
  const frame = views.nth(1).locator(".shapelayer path");
  await expect(frame).toHaveCount(1);
  const cells = (await views.nth(1).locator(".nsewdrag").first().boundingBox()) ?? box;
  const framed = (await frame.boundingBox()) ?? box;
  expect((framed.y + framed.height / 2 - cells.y) / cells.height).toBeCloseTo(3.5 / 5, 1);
  await keep(page, "linked");
  await page.mouse.move(5, 5);
  await expect(frame).toHaveCount(0);
});
