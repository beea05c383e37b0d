import path from "node:path";
import { expect, type IJupyterLabPageFixture } from "@jupyterlab/galata";
import type { Locator } from "@playwright/test";

const ARTIFACTS = path.resolve(__dirname, "../../artifacts/screenshots");

/** The part of a notebook panel that is looked at from here. */
interface Panel {
  sessionContext?: {
    isReady: boolean;
    session?: { kernel?: { connectionStatus: string; status: string } | null } | null;
  };
}

/** Waits until the current notebook's kernel is connected and idle: a cell that is run before never runs. */
export async function waitForKernel(page: IJupyterLabPageFixture, timeout = 60_000): Promise<void> {
  await page.waitForFunction(
    () => {
      const context = (window.galata.app.shell.currentWidget as Panel | null)?.sessionContext;
      const kernel = context?.session?.kernel;
      return context?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle";
    },
    undefined,
    { timeout },
  );
}

const KERNELS = {
  python3: { display_name: "Python 3", language: "python", name: "python3" },
  graphpatch: { display_name: "TypeScript (graphpatch)", language: "typescript", name: "graphpatch" },
};

/** A notebook with these cells, opened, with a kernel that is ready: Python's, unless ours is asked for. */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  folder: string,
  cells: readonly string[],
  name = "test.ipynb",
  kernel: keyof typeof KERNELS = "python3",
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
    metadata: { kernelspec: KERNELS[kernel] },
    nbformat: 4,
    nbformat_minor: 5,
  };
  const target = `${folder}/${name}`;
  await page.contents.uploadContent(JSON.stringify(notebook), "text", target);
  await open(page, target);
}

/** Opens a notebook that is there, and waits for its kernel. The file browser may be hidden: a command opens it. */
export async function open(page: IJupyterLabPageFixture, target: string): Promise<void> {
  await page.evaluate(async (path) => {
    await window.galata.app.commands.execute("docmanager:open", { path });
  }, target);
  await page.notebook.activate(target.slice(target.lastIndexOf("/") + 1));
  await waitForKernel(page);
}

/** Loads the page again, as the browser's own button does. */
export async function reload(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() => window.location.reload());
  await page.waitForLoadState("load");
  await page.waitForFunction(() => window.galata?.app !== undefined);
  await page.evaluate(() => window.galata.app.restored);
}

/** Waits until Lab, which takes a moment, has saved where the tab with this id, or the beginning of one, stands. */
export async function savedPlace(page: IJupyterLabPageFixture, id: string): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(async () => JSON.stringify(await window.galata.app.serviceManager.workspaces.list())),
    )
    .toContain(id);
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
export function row(browser: Locator, name: string | RegExp): Locator {
  return browser.getByRole("treeitem").filter({ has: browser.page().getByText(name, { exact: true }) });
}

/** Keeps a picture for people to look at. */
export async function keep(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`) });
}
