import type { IJupyterLabPageFixture } from "@jupyterlab/galata";
import { open } from "./lab";

/** A notebook of the graphpatch kernel with these cells, opened, its kernel ready. */
export async function openTypeScript(
  page: IJupyterLabPageFixture,
  folder: string,
  cells: readonly string[],
  name = "tour.ipynb",
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
    metadata: {
      kernelspec: { display_name: "TypeScript (graphpatch)", language: "typescript", name: "graphpatch" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  await page.contents.uploadContent(JSON.stringify(notebook), "text", `${folder}/${name}`);
  await open(page, `${folder}/${name}`);
}
