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
      writeFileSync(file, `${process.pid} ${startTime(process.pid) ?? ""}`, { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      const [owner, started] = readFileSync(file, "utf8").split(" ");
      if (isAlive(Number(owner), started)) {
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

/**
 * Whether the process that took the lock still runs. In a container its number may soon be another's, and where nothing
 * reaps them the dead stay listed: so the time of its start counts, too, where it can be read (Linux).
 * @param {number} pid
 * @param {string | undefined} started
 */
function isAlive(pid, started) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
  return !started || startTime(pid) === started;
}

/**
 * When a process was started, in clock ticks since the machine was; null if it has ended, or cannot be read.
 * @param {number} pid
 */
function startTime(pid) {
  try {
    // proc(5): "pid (command) state …"; the command may hold spaces and brackets. Field 3 is the state, 22 the time.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : fields[19];
  } catch {
    return null;
  }
}
