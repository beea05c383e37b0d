import { readFileSync } from "node:fs";
import type { IJupyterLabPageFixture } from "@jupyterlab/galata";

const FILE = require.resolve("../../../node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf");

/** Writes everything in the font that the set-up installs for the kernel's pictures: machines have others of their own. */
export async function pinFonts(page: IJupyterLabPageFixture): Promise<void> {
  const data = readFileSync(FILE).toString("base64");
  const variables = ["ui", "content", "code"].map((kind) => `--jp-${kind}-font-family: pinned !important;`);
  await page.addStyleTag({
    content: `@font-face { font-family: pinned; src: url(data:font/ttf;base64,${data}); }
      :root, body { ${variables.join(" ")} }`,
  });
  await page.evaluate(() => document.fonts.load("13px pinned"));
}
