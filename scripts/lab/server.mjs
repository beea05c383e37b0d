// @ts-check
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";

/**
 * @typedef {object} Lab
 * @property {string} url of the notebook, with the token
 * @property {Promise<number>} ended the server's exit code
 * @property {() => void} stop asks it to shut down its kernels and end
 */

const patienceMs = 60_000;
const stopPatienceMs = 10_000;

/**
 * Starts JupyterLab from the virtual environment and waits until it answers.
 * @param {import("../setup/context.mjs").Context} context
 * @param {{ port: number, ip: string, browser: boolean, rest: readonly string[], notebook: string }} settings
 * @returns {Promise<Lab>}
 * @throws {Error} when the server ends, or does not answer for a minute
 */
export async function startLab(context, { port, ip, browser, rest, notebook }) {
  const token = context.env.JUPYTER_TOKEN ?? randomBytes(24).toString("hex");
  const args = ["-m", "jupyterlab", "--ServerApp.port_retries=0", `--port=${port}`, `--ip=${ip}`];
  args.push(
    `--ServerApp.root_dir=${context.root}`,
    `--LabApp.default_url=/lab/tree/${notebook}`,
    "--log-level=WARN",
  );
  if (!browser) args.push("--no-browser");
  if (process.getuid?.() === 0) args.push("--allow-root");
  const child = spawn(context.python, [...args, ...rest], {
    cwd: context.root,
    env: { ...context.env, JUPYTER_TOKEN: token },
    stdio: ["ignore", "inherit", "inherit"],
    // Ctrl-C is for us alone: Lab would ask whether it is meant, on a terminal it does not have
    detached: context.platform !== "win32",
  });
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  const stop = () => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), stopPatienceMs).unref();
  };
  const host = ip === "0.0.0.0" || ip === "::" ? "127.0.0.1" : ip;
  try {
    await Promise.race([
      answers(`http://${host}:${port}/api`),
      ended.then((code) => {
        throw new Error(`JupyterLab ended at once (exit code ${code}); what it said stands above.`);
      }),
    ]);
  } catch (error) {
    stop();
    throw error;
  }
  return { url: `http://${host}:${port}/lab/tree/${notebook}?token=${token}`, ended, stop };
}

/** @param {string} url */
async function answers(url) {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(2000) });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`JupyterLab did not answer at ${url} within ${patienceMs / 1000} s.`);
}
