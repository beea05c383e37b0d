export type { BlockNodes } from "./blocks";
export type { CausalTrace, CausalTraceOptions, TraceKind } from "./causalTrace";
export type { Axis, Cells } from "./cells";
export type { LensReading, LogitLensOptions } from "./logitLens";
export {
  klDivergence,
  logitDifference,
  logProbability,
  type MeasuredRun,
  type Metric,
  type MetricFunction,
  type PositionOptions,
  probability,
  type Tokens,
} from "./metrics";
export type { SweepPlan } from "./planSweep";
export { type LevelReport, SweepCancelledError, SweepResult, type SweepTimings } from "./result";
export { bootstrapInterval, type Interval, normalizedRecovery } from "./statistics";
export type { DoneCell, SweepLevels, SweepOptions } from "./sweepOptions";
