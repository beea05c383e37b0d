const INTERVAL_MS = 1000;

/** Ends the process when the one that started it is gone, so that a crashed server leaves no kernel behind. */
export function watchParent(): void {
  const parent = process.ppid;
  if (parent === 1) return;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, INTERVAL_MS).unref();
}
