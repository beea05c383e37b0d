// @ts-check
import { fileURLToPath } from "node:url";
import { chromium } from "./chromium.mjs";
import { nodeModules } from "./nodeModules.mjs";
import { pythonPackages } from "./pythonPackages.mjs";

const testPackages = pythonPackages({
  name: "test-packages",
  title: "Python packages of the tests",
  requirements: fileURLToPath(new URL("../../../test/requirements.txt", import.meta.url)),
});

/** Kept apart from the workspace: 400 packages that only the browser tests need. */
const browserModules = nodeModules({
  name: "browser-modules",
  title: "Node modules of the browser tests",
  folder: "test/browser",
  // the machine's Chromium is used
  env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" },
});

/** What `npm test` needs beyond what `npm start` needs. */
export const testSteps = [testPackages, chromium, browserModules];
