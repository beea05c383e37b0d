export { type CustomOperation, CustomPatch } from "./customPatch";
export { Patch, type SliceOptions } from "./patch";
export { ProbePatch, RecordPatch } from "./probePatch";
export { AddPatch, ReplacePatch, type ValueOptions, ZeroPatch } from "./valuePatches";
