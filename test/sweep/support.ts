import { expect } from "vitest";
import type { PatchableGraph, SweepOptions, SweepResult } from "../../native/lib";
import type { Module } from "../../native/lib/nn";

/** Largest difference of samples, relative to the largest number. */
export function difference(a: SweepResult, b: SweepResult): number {
  const [x, y] = [a, b].map(({ samples }) => samples.flat());
  expect(x.length).toBe(y.length);
  const scale = Math.max(...y.map(Math.abs).filter(Number.isFinite), 1e-6);
  return Math.max(...x.map((value, i) => (Object.is(value, y[i]) ? 0 : Math.abs(value - y[i])))) / scale;
}

/** For how many cells each level was used. */
export function used(result: SweepResult): Record<string, number> {
  return Object.fromEntries(result.levels.map(({ level, cells }) => [level, cells]));
}

/** Runs a sweep with all levels and without any; both must say the same. */
export async function compare<M extends Module>(pg: PatchableGraph<M>, options: SweepOptions) {
  const exact = await pg.sweep({ ...options, exact: true });
  const all = await pg.sweep(options);
  expect(difference(all, exact)).toBeLessThanOrEqual(1e-5);
  return { exact, all };
}
