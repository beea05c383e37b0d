export type { DiffOptions, RunSide } from "./diffRuns";
export { type DifferenceGrid, type NodeDifference, RunDifference } from "./result";
