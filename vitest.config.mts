import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "native/lib/**/*.test.ts",
      "kernel/src/**/*.test.ts",
      "extension/src/**/*.spec.ts",
      "test/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "test/browser/**"],
    setupFiles: ["test/support/recordOperators.ts"],
    // the addon is loaded once a process and cannot be unloaded, as worker threads would have it
    pool: "forks",
    maxWorkers: 2,
    // two files share the cores: threads that spin for work (native/lib/openmp.ts) would take them from each other
    env: { OMP_WAIT_POLICY: "PASSIVE" },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
