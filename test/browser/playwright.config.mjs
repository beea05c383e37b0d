import { createRequire } from "node:module";
import path from "node:path";

const base = createRequire(import.meta.url)("@jupyterlab/galata/lib/playwright-config");
const workspace = path.resolve(import.meta.dirname, "../..");
const artifacts = path.join(workspace, "test/artifacts");
const url = `http://localhost:${process.env.GRAPHPATCH_TEST_PORT}`;

export default {
  ...base,
  testDir: "tests",
  outputDir: path.join(artifacts, "browser-failures"),
  // One picture for all systems: the tests bring their own fonts.
  snapshotPathTemplate: path.join(import.meta.dirname, "screens", "{arg}{ext}"),
  workers: 1,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["json", { outputFile: path.join(artifacts, "browser-results.json") }]],
  use: {
    ...base.use,
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    // Playwright's own ffmpeg would be needed for videos; the system browser has none.
    video: "off",
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: [process.env.GRAPHPATCH_TEST_JUPYTER, "lab", "--config", "jupyter_server_config.py"].join(" "),
    url: `${url}/lab`,
    timeout: 120_000,
    reuseExistingServer: false,
    stdout: "ignore",
    stderr: "ignore",
    gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
  },
};
