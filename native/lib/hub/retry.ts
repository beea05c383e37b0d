import { setTimeout } from "node:timers/promises";
import { isTemporary } from "./request";

const ATTEMPTS = 5;
const MAX_PAUSE_MS = 8000;

/** How often something is tried; tests make the pauses short. */
export const retryPauses = { firstMs: 500 };

/**
 * Calls `attempt` until it succeeds, with growing pauses, at most five times in a row without progress.
 * @param progress a number that grows as an attempt gets on: then counting begins anew
 * @throws the last error; any that asking again cannot mend at once.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  progress: () => number = () => 0,
  signal?: AbortSignal,
): Promise<T> {
  let failures = 0;
  for (;;) {
    const before = progress();
    try {
      return await attempt();
    } catch (error) {
      failures = progress() > before ? 1 : failures + 1;
      if (!isTemporary(error) || failures >= ATTEMPTS) throw error;
      const pause = Math.min(retryPauses.firstMs * 2 ** (failures - 1), MAX_PAUSE_MS);
      await setTimeout(pause, undefined, { signal }).catch(() => {});
    }
  }
}
