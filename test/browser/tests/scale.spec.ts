import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jupyterlab/galata";
import { activationBundle } from "../lib/bundles";
import { openBrowser, openNotebook, run } from "../lib/lab";
import { ANNOUNCE, defineModel, displayBundle } from "../lib/pythonKernel";

/** On a quiet machine (GRAPHPATCH_QUIET=1) the limits are those that are promised; else they leave room for other work. */
const limit = (promised: number, underLoad: number): number =>
  process.env.GRAPHPATCH_QUIET ? promised : underLoad;

/** Measured figures, kept beside the screenshots. */
const figures: Record<string, number> = {};
test.afterAll(() => {
  writeFileSync(
    path.resolve(__dirname, "../../artifacts/browser-figures.json"),
    JSON.stringify(figures, null, 2),
  );
});

test("100,000 nodes are listed, filtered and scrolled smoothly", async ({ page, tmpPath }) => {
  // The graph is made in a cell of its own: how long Python takes for that says nothing of the browser.
  await openNotebook(page, tmpPath, [defineModel({ layers: 100, extra: 964 }), ANNOUNCE]);
  const browser = await openBrowser(page);
  await run(page, 0);
  const painted = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const from = performance.now();
        const observer = new MutationObserver(() => {
          if (!document.querySelector("#graphpatch-node-browser [role=treeitem]")) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - from));
        });
        observer.observe(document.body, { childList: true, subtree: true });
      }),
  );
  await run(page, 1);
  figures.firstPaintMs = await painted;
  await expect(browser.getByRole("status")).toContainText("100,006 nodes", { timeout: 30_000 });

  figures.filterMs = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>("#graphpatch-node-browser input[type=search]");
    const status = document.querySelector("#graphpatch-node-browser [role=status]");
    if (!input || !status) throw new Error("no filter");
    const typeIn = (text: string): Promise<number> =>
      new Promise((resolve) => {
        const from = performance.now();
        const observer = new MutationObserver(() => {
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - from));
        });
        observer.observe(status, { childList: true, characterData: true, subtree: true });
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, text);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
    await typeIn("l17");
    return typeIn("op:mul");
  });
  await expect(browser.getByRole("status")).toContainText("of 100,006");

  const frames = await page.evaluate(async () => {
    const tree = document.querySelector("#graphpatch-node-browser [role=tree]");
    if (!tree) throw new Error("no tree");
    const times: number[] = [];
    let last = performance.now();
    for (let step = 0; step < 120; step++) {
      tree.scrollTop += 400;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      times.push(now - last);
      last = now;
    }
    return times.sort((a, b) => a - b);
  });
  figures.scrollP50Ms = frames[Math.floor(frames.length * 0.5)];
  figures.scrollP95Ms = frames[Math.floor(frames.length * 0.95)];
  expect(await browser.getByRole("treeitem").count()).toBeLessThan(120);

  // What is alive, without what the collector has not come to yet.
  const devtools = await page.context().newCDPSession(page.context().pages()[0]);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  figures.heapMb = Math.round(usedSize / 1e6);
  console.log(JSON.stringify(figures));
  expect(figures.firstPaintMs).toBeLessThan(limit(1500, 8000));
  expect(figures.filterMs).toBeLessThan(limit(100, 1500));
  expect(figures.scrollP95Ms).toBeLessThan(limit(20, 100));
  expect(figures.heapMb).toBeLessThan(150);
});

test("the first heat map is there at once", async ({ page, tmpPath }) => {
  await openNotebook(page, tmpPath, [displayBundle(activationBundle())]);
  const drawn = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let from = 0;
        const observer = new MutationObserver(() => {
          if (from === 0 && document.querySelector(".gp-View")) from = performance.now();
          if (document.querySelector(".gp-View .heatmaplayer image")) {
            observer.disconnect();
            resolve(performance.now() - from);
          }
        });
        observer.observe(document.body, { childList: true, subtree: true });
      }),
  );
  await run(page, 0);
  figures.firstHeatMapMs = await drawn;
  console.log(JSON.stringify(figures));
  expect(figures.firstHeatMapMs).toBeLessThan(limit(600, 5000));
});
