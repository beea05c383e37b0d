// @ts-check
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SetupError } from "./errors.mjs";

/**
 * A tool must not outlive the set-up: what it left half done is found by the marker of the interrupted step.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {() => void} takes the handlers away again
 */
function stopWithUs(child) {
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    child.kill(signal);
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/**
 * Runs a tool with its output in a log file.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {string} options.log file that the output goes to (started anew)
 * @param {string} options.failure the error's sentence when the tool fails
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {boolean} [options.append] go on in the log of an earlier tool
 * @param {(line: string) => void} [options.onLine] called with each line of output
 * @param {(log: string) => string[]} [options.advise] advice made from the log
 * @returns {Promise<void>}
 * @throws {SetupError} with the tail of the log, when the tool cannot be started or fails
 */
export async function runLogged(command, args, options) {
  mkdirSync(dirname(options.log), { recursive: true });
  if (!options.append) writeFileSync(options.log, "");
  appendFileSync(options.log, `$ ${[command, ...args].join(" ")}\n`);
  const code = await new Promise((resolveExit, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && /^(npm|npx)$/.test(command),
    });
    const release = stopWithUs(child);
    let rest = "";
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      appendFileSync(options.log, chunk);
      const lines = (rest + chunk.toString()).split(/\r?\n|\r/);
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim()) options.onLine?.(line.trim());
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", (error) => {
      release();
      reject(
        new SetupError(`${options.failure}: ${command} could not be started (${error.message}).`, {
          log: options.log,
        }),
      );
    });
    child.once("close", (exit, signal) => {
      release();
      resolveExit(exit ?? signal ?? 1);
    });
  });
  if (code === 0) return;
  const text = readFileSync(options.log, "utf8");
  throw new SetupError(
    `${options.failure} (${typeof code === "number" ? `exit code ${code}` : `stopped by ${code}`}).`,
    {
      log: options.log,
      logTail: text.trimEnd().split("\n").slice(-15),
      advice: options.advise?.(text) ?? [],
    },
  );
}

/**
 * The output of a short command, or null when it fails or does not exist.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | null}
 */
export function output(command, args, env = process.env) {
  const result = spawnSync(command, args, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

/**
 * What to say when a package manager's log looks like a missing network.
 * @param {string} log
 * @returns {string[]}
 */
export function networkAdvice(log) {
  const unreachable =
    /name resolution|NewConnectionError|ConnectTimeout|ReadTimeout|Max retries exceeded|from versions: none|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network/i;
  if (/No space left on device|ENOSPC/i.test(log)) return ["The disk is full: the set-up needs about 4 GB."];
  if (!unreachable.test(log)) return [];
  return [
    "The package registry did not answer. Check the network connection, and HTTPS_PROXY or the",
    "registry settings of pip and npm if this machine needs them. Then run the same command again:",
    "the set-up goes on where it stopped.",
  ];
}
