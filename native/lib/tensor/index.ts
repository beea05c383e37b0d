export { annotate, annotationOf, type TensorAnnotation } from "./annotation";
export type { CreateOptions, NestedArray } from "./create";
export { DTYPES, type DType, isDType } from "./dtype";
export type { FInfo } from "./finfo";
export type { NestedValues } from "./nested";
export { describeSlice, parseSlice, type Range, type Slice, type SliceItem } from "./slice";
export { Tensor, type ToOptions } from "./tensor";
