import { ArgumentError } from "../errors";
import type { SweepResult } from "./result";
import type { SweepJob } from "./setup";

/** @throws ArgumentError when an earlier sweep had other cells, or measured something else. */
export function checkSameCells(resume: SweepResult, { axes, metric }: SweepJob): void {
  if (String(resume.shape) !== String(axes.map(({ labels }) => labels.length))) {
    throw new ArgumentError("resume: the earlier sweep had cells of another shape");
  }
  if (resume.label !== metric.label) {
    throw new ArgumentError(`resume: the earlier sweep measured ${resume.label}, this one ${metric.label}`);
  }
}

/** Kernels may add in another order than in the earlier sweep; more than that is another text, metric or model. */
const SAME = 1e-3;

/** @throws ArgumentError when an earlier sweep began from another base. */
export function checkSameBase({ base }: SweepResult, now: readonly number[]): void {
  const scale = Math.max(...now.map(Math.abs).filter(Number.isFinite), 1e-6);
  const isSame = (value: number, i: number) =>
    Object.is(value, base[i]) || Math.abs(value - base[i]) <= SAME * scale;
  // Cancelled before its base was measured, it has nothing.
  if (base.length === 0 || (base.length === now.length && now.every(isSame))) return;
  throw new ArgumentError(
    `resume: without cells' patches the earlier sweep measured ${base.join(", ")}, this one ${now.join(", ")}; it had other inputs, another base or another metric`,
  );
}
