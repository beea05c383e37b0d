import path from "node:path";
import { expect, type IJupyterLabPageFixture } from "@jupyterlab/galata";
import type { Locator } from "@playwright/test";

const ARTIFACTS = path.resolve(__dirname, "../../artifacts/screenshots");

/** Waits until the notebook's kernel is idle: a cell that is run before the kernel is connected never runs. */
export async function waitForKernel(page: IJupyterLabPageFixture): Promise<void> {
  await expect(page.locator(".jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator")).toHaveAttribute(
    "data-status",
    "idle",
    { timeout: 60_000 },
  );
}

/** A notebook with these cells, opened, with a Python kernel that is ready. */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  folder: string,
  cells: readonly string[],
  name = "test.ipynb",
): Promise<void> {
  const notebook = {
    cells: cells.map((source, at) => ({
      cell_type: "code",
      execution_count: null,
      id: `cell-${at}`,
      metadata: {},
      outputs: [],
      source,
    })),
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  const target = `${folder}/${name}`;
  await page.contents.uploadContent(JSON.stringify(notebook), "text", target);
  await page.notebook.openByPath(target);
  await page.notebook.activate(name);
  await waitForKernel(page);
}

/** Runs one cell and waits for it. */
export async function run(page: IJupyterLabPageFixture, index: number): Promise<void> {
  await page.notebook.runCell(index, true);
}

/** The node browser, opened. */
export async function openBrowser(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.sidebar.openTab("graphpatch-node-browser");
  return page.locator("#graphpatch-node-browser");
}

/** The row of the browser with this name. */
export function row(browser: Locator, name: string): Locator {
  return browser.getByRole("treeitem").filter({ has: browser.page().getByText(name, { exact: true }) });
}

/** Keeps a picture for people to look at. */
export async function keep(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`) });
}
