/** Options of loading an archive of `torch.export.save`. */
export interface ImportOptions {
  /**
   * Path of the module that becomes the root, where a wrapper was exported: with `"model"`, nodes of
   * `model.transformer.h.0` are called `transformer.h_0…`.
   */
  stripPrefix?: string;
  /** Which of several models in the archive. */
  model?: string;
  /**
   * Writes fused attention (`scaled_dot_product_attention`) out as visible operators: scores, mask, softmax (the
   * pattern) and mix. What it differs by is `attentionDifference(graph, inputs)`.
   */
  expandAttention?: boolean;
}
