import type { SweepJob } from "./setup";

/** Why a cell has to be run as it is; null for one that may share work with others. */
export function whyPlain({ flow, cells, draws }: SweepJob, cell: number): string | null {
  if (draws) return "the graph draws random numbers";
  if (flow.nodes.some(({ type, when }) => type === "loop" || when !== undefined))
    return "the graph has branches or loops";
  for (const [value, patches] of cells[cell].patches) {
    if (flow.info(value)?.shape === null) return "patches a size";
    if (flow.deciding.has(value)) return "patches a tensor that shares memory which is written to later";
    if (patches.some(({ kind }) => kind === "probe" || kind === "record")) return "has a probe";
  }
  return null;
}
