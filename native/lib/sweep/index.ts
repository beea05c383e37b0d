export { AverageTrace, type AverageTraceOptions, type EffectRow, type TracePrompt } from "./averageTrace";
export type { BlockNodes } from "./blocks";
export type { CausalTraceOptions } from "./causalTrace";
export { type CellRuns, SweepCell } from "./cell";
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
export type { Subject } from "./subject";
export type { DoneCell, Sweep, SweepLevels, SweepOptions } from "./sweepOptions";
export { CausalTrace, type MeanOf, type TraceKind } from "./trace";
