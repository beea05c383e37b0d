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
