// @ts-check
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";

/**
 * Two set-ups in one checkout would write the same files. The second one is refused; a lock whose owner is gone is taken over.
 * @param {string} folder
 * @returns {() => void} releases the lock
 * @throws {SetupError} when another set-up is running
 */
export function takeLock(folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "lock");
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      const owner = Number(readFileSync(file, "utf8"));
      if (isAlive(owner)) {
        throw new SetupError(`another set-up of this checkout is running (process ${owner}).`, {
          advice: ["Wait until it has finished, then run the command again."],
        });
      }
      rmSync(file, { force: true });
    }
  }
  throw new SetupError(`the lock file ${file} cannot be taken.`, {
    advice: ["Delete it if no other set-up is running."],
  });
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
