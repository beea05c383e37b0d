// @ts-check
import { fileURLToPath } from "node:url";
import { cmakeAddon } from "./addon.mjs";
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

/** The GPU of the tests (test/devices/standIn); as CUDA, it is for Linux only. */
const standInGpu = cmakeAddon({
  name: "stand-in-gpu",
  title: "The GPU of the tests (C++; half a minute the first time)",
  folder: "test/devices/standIn",
  product: "standInGpu.node",
  sources: [
    "test/devices/standIn/src",
    "test/devices/standIn/CMakeLists.txt",
    "test/devices/standIn/build.mjs",
  ],
  command: [process.execPath, "test/devices/standIn/build.mjs"],
});

/** What `npm test` needs beyond what `npm start` needs. */
export const testSteps = [
  testPackages,
  chromium,
  browserModules,
  ...(process.platform === "linux" ? [standInGpu] : []),
];
