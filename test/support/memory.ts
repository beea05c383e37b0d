import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { torch } from "../../native/lib/torch";

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

/** Bytes of the tensors that something still holds: what is garbage is collected first. */
export async function bytesHeld(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  await setImmediate();
  return torch.memory().bytes;
}
