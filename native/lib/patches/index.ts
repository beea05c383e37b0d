export { type CustomOperation, CustomPatch } from "./customPatch";
export { type MeanOptions, type MeanOver, MeanPatch } from "./meanPatch";
export { Patch, type SliceOptions } from "./patch";
export { ProbePatch, RecordPatch } from "./probePatch";
export { type ProjectOptions, ProjectPatch } from "./projectPatch";
export { ScalePatch } from "./scalePatch";
export { AddPatch, ReplacePatch, type ValueOptions, ZeroPatch } from "./valuePatches";
