/**
 * How the threads inside an operator wait for work. A captured graph is hundreds of short operators; a worker that sleeps between them
 * costs more to wake than most of them take. libgomp lets its workers spin for a while, unless a process has more of them than
 * cores, which ours has as soon as two threads call operators (JavaScript's and the engine's): then they sleep almost at once. An
 * "active" policy keeps a short spin in that case, too; the spin count bounds the spin in the other one.
 * Source: libgomp's `initialize_env` (`gomp_throttled_spin_count_var`).
 */
const SETTINGS = { OMP_WAIT_POLICY: "ACTIVE", GOMP_SPINCOUNT: "30000" } as const;

/**
 * Runs `load`, which loads libgomp, with these settings in the environment; libgomp reads them then and never again. What the
 * user has set stands.
 */
export function withSpinningWorkers<T>(load: () => T): T {
  const { env } = process;
  const names = Object.keys(SETTINGS);
  if (names.some((name) => env[name] !== undefined)) return load();
  Object.assign(env, SETTINGS);
  try {
    return load();
  } finally {
    for (const name of names) delete env[name];
  }
}
