export type { AttributionOptions } from "./attributionPatch";
export {
  type AttributionCheck,
  type AttributionDim,
  AttributionResult,
  type AttributionRow,
  type CheckedScore,
  type NodeScores,
} from "./result";
