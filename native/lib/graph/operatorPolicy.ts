/**
 * Which operators a graph from a file may hold. Files come from strangers: what a graph computes is its own affair,
 * but it must not read files, speak to other processes, change the process's settings or reach past a tensor's memory.
 */
const NAMESPACES: ReadonlySet<string> = new Set(["aten", "quantized", "prims", "torchvision"]);

/** Operators of those namespaces that open files, print, replace a tensor's memory or exist for tests only. */
const REFUSED =
  /^(?:from_file|_print|set_|set_data|resize|resize_|resize_as|resize_as_|resize_as_sparse_?|sparse_resize\w*|_resize_output_?|record_stream|pin_memory|_pin_memory|_copy_from\w*|_cufft_set_\w+|_cufft_clear_\w+|_test_\w+|_debug_\w+|_cudnn_init_dropout_state|_has_same_storage_numel|copy_sparse_to_sparse_?)$/;

/** Whether a graph from a file may call `operator` (`aten::add`). */
export function isOperatorAllowed(operator: string): boolean {
  const [namespace, name] = operator.split("::");
  return NAMESPACES.has(namespace) && !REFUSED.test(name);
}
