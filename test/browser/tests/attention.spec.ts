import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@jupyterlab/galata";
import { keep, openNotebook, run } from "../lib/lab";

/** Head h of 12: token q attends to token (q - h) mod (q + 1) with 0.7, to the first with the rest. */
const PATTERN = `
const tokens = ["The", " Eiff", "el", " Tower", " is", " in", " the", " city", " of", " Paris"];
const n = tokens.length;
const pattern = torch.zeros([1, 12, n, n]);
for (let h = 0; h < 12; h++) for (let q = 0; q < n; q++) {
  pattern.setAt([0, h, q, 0], 0.3);
  pattern.setAt([0, h, q, Math.max(0, q - h)], q - h > 0 ? 0.7 : 1);
}
attentionPattern(pattern, { tokens, title: "attn" })`;

test("shows all heads small, one large, and colours the text by a token", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [PATTERN], "attention.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view.locator(".heatmaplayer image")).toBeVisible();
  const heads = view.getByRole("button", { name: /Show head/ });
  await expect(heads).toHaveCount(12);
  await heads.nth(2).click();
  await expect(heads.nth(2)).toHaveAttribute("aria-pressed", "true");
  const token = (text: string) =>
    view.locator(".gp-View-token").filter({ hasText: new RegExp(`^␣?${text}$`) });
  await test.step("what a token attends to", async () => {
    await token("city").hover();
    // Token 7 reads from token 5 with 0.7 in head 2.
    await expect(token("in")).toHaveAttribute("title", "0.7");
    await expect(token("The")).toHaveAttribute("title", "0.3");
    await expect(token("Paris")).toHaveAttribute("title", "0");
    await keep(page, "attention-from");
  });
  await test.step("what attends to a token", async () => {
    await view.getByRole("radio", { name: "what attends to the token" }).check();
    await token("in").hover();
    await expect(token("city")).toHaveAttribute("title", "0.7");
    await expect(token("The")).toHaveAttribute("title", "0");
  });
  await test.step("the keyboard does the same", async () => {
    await heads.nth(3).focus();
    await page.keyboard.press("Enter");
    await expect(heads.nth(3)).toHaveAttribute("aria-pressed", "true");
    await view.locator(".gp-View-picture").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"])
      await page.keyboard.press(key);
    await expect(view.locator(".gp-View-tooltip")).toContainText(
      /head 3.*from query 3: ␣Tower.*to key 1: ␣Eiff/s,
    );
  });
  await page.theme.setDarkTheme();
  await token("city").hover();
  await expect(token("city")).toHaveClass(/gp-mod-chosen/);
  await keep(page, "attention-heads-dark");
  const { violations } = await new AxeBuilder({ page }).include(".gp-View").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});

/** Four heads of 300 tokens, which are merged to be stored; query 200 of head 2 reads 0.77 from key 5. */
const LARGE = `
const large = torch.full([1, 4, 300, 300], 1 / 300);
large.setAt([0, 2, 200, 5], 0.77);
attentionPattern(large, { title: "large" })`;

test("a large head comes in full from the kernel, and zooms", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [LARGE], "large.ipynb", "graphpatch");
  await run(page, 0);
  const view = page.locator(".gp-View");
  await expect(view).toContainText("The large head has every value, from the kernel.");
  await view.getByRole("button", { name: /Show head 2/ }).click();
  await expect(view).toContainText("The large head has every value, from the kernel.");
  await view.locator(".gp-View-picture").focus();
  const keys = ["m", ...Array<string>(20).fill("PageDown"), ...Array<string>(5).fill("ArrowRight")];
  for (const key of keys) await page.keyboard.press(key);
  const tooltip = view.locator(".gp-View-tooltip");
  await expect(tooltip).toContainText(/head 2.*from query 200.*to key 5.*0\.77/s);
  await page.keyboard.press("ArrowRight");
  // The value in full, as the kernel has it.
  await expect(tooltip).toContainText(/to key 6.*0\.0033333/s);
  await keep(page, "attention-large");

  await test.step("a part of it, too", async () => {
    const box = (await view.locator(".nsewdrag").first().boundingBox()) ?? {
      x: 0,
      y: 0,
      width: 0,
      height: 0,
    };
    await page.mouse.move(box.x + 5, box.y + (box.height * 190) / 300);
    await page.mouse.down();
    await page.mouse.move(box.x + 40, box.y + (box.height * 200) / 300, { steps: 4 });
    await page.mouse.move(box.x + 60, box.y + (box.height * 215) / 300, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => view.locator(".ytick text").first().textContent()).toMatch(/^(1[89]|20)\d$/);
    await expect(view).toContainText("The large head has every value, from the kernel.");
  });
});
