import { readFileSync } from "node:fs";

/** Memory of this process that is not a file's, in bytes. */
export function anonymousMemory(): number {
  return status("RssAnon");
}

/** Memory of this process, pages of files that it looked at included, in bytes. */
export function residentMemory(): number {
  return status("VmRSS");
}

/** A line of what Linux says about this process. */
function status(key: string): number {
  const [, kilobytes] =
    new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
