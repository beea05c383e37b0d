/** A notebook as it lies on disk: cells with outputs that nobody runs here. */
export function savedNotebook(bundles: readonly Record<string, unknown>[], kernel = "python3"): string {
  const cells = bundles.map((data, at) => ({
    cell_type: "code",
    execution_count: at + 1,
    id: `cell-${at}`,
    metadata: {},
    source: "",
    outputs: [{ output_type: "display_data", data, metadata: {} }],
  }));
  const kernelspec = { display_name: kernel, language: "python", name: kernel };
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}
