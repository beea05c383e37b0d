/**
 * Runs the browser tests: installs what they need if it is missing, finds Chromium, starts JupyterLab on a free port.
 * The last line is `N passed, N failed`. Arguments go on to Playwright (`node run.mjs views --grep heat`).
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const workspace = path.resolve(here, "../..");
const results = path.join(workspace, "test/artifacts/browser-results.json");

/** Path of an executable on PATH; undefined without. */
function which(name) {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findChromium() {
  const given = process.env.CHROMIUM;
  if (given && !isExecutable(given)) fail(`CHROMIUM is set to ${given}, which cannot be run.`);
  const found = given ?? ["chromium", "chromium-browser", "google-chrome"].map(which).find(Boolean);
  if (!found) {
    fail(
      "No Chromium was found. Install it (Debian and Ubuntu: apt install chromium) or set CHROMIUM to its path.",
    );
  }
  return found;
}

function findJupyter() {
  const jupyter = path.join(workspace, ".venv/bin/jupyter");
  if (!isExecutable(jupyter)) fail("JupyterLab is not set up in .venv: run `npm run setup` first.");
  if (!existsSync(path.join(workspace, "extension/labextension/package.json"))) {
    fail("The extension is not built: run `npm run build` first.");
  }
  return jupyter;
}

function fail(message) {
  console.error(message);
  console.log("0 passed, 1 failed");
  process.exit(1);
}

/** Installs the tests' own packages as the lock file has them. The browser is the system's, so none is downloaded. */
function install(env) {
  if (existsSync(path.join(here, "node_modules/@jupyterlab/galata/package.json"))) return;
  console.log("Installing the packages of the browser tests …");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: here, env, stdio: "inherit" });
  if (status !== 0)
    fail("The packages of the browser tests could not be installed (npm ci in test/browser).");
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Playwright's own counts; a run that ended before it could count is one failure. */
function summary(status) {
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const { stats, errors } = JSON.parse(readFileSync(results, "utf8"));
  const failed = stats.unexpected + stats.flaky + errors.length;
  return { passed: stats.expected, failed: failed === 0 && status !== 0 ? 1 : failed };
}

const scratch = mkdtempSync(path.join(os.tmpdir(), "graphpatch-browser-"));
try {
  const env = {
    ...process.env,
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1",
    CHROMIUM: findChromium(),
    GRAPHPATCH_TEST_JUPYTER: findJupyter(),
    GRAPHPATCH_TEST_PORT: String(await freePort()),
    // Nothing of the user's own Jupyter takes part, and nothing is left in it.
    JUPYTERLAB_GALATA_ROOT_DIR: scratch,
    JUPYTER_CONFIG_DIR: path.join(scratch, ".config"),
    JUPYTER_DATA_DIR: path.join(scratch, ".data"),
    IPYTHONDIR: path.join(scratch, ".ipython"),
  };
  install(env);
  rmSync(results, { force: true });
  const playwright = path.join(here, "node_modules/@playwright/test/cli.js");
  const { status } = spawnSync(
    process.execPath,
    [playwright, "test", "--config", "playwright.config.mjs", ...process.argv.slice(2)],
    { cwd: here, env, stdio: "inherit" },
  );
  const { passed, failed } = summary(status);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
