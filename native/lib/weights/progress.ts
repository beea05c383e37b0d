/** How far loading has come: `done` of `total` tensors. */
export interface WeightsProgress {
  stage: "weights";
  done: number;
  total: number;
}

/** How far saving has come: `done` of `total` bytes. */
export interface SaveProgress {
  stage: "saving";
  done: number;
  total: number;
}
