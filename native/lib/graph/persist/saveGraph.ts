import { ArgumentError, GraphpatchError } from "../../errors";
import { placeAsInMemory } from "../../weights/placement";
import { type SaveOptions, writeSafetensors } from "../../weights/safetensorsWriter";
import type { CapturedGraph } from "../capture";
import { describeGraph } from "./describeGraph";
import { GRAPH_KEY } from "./format";
import { readDescription } from "./readDescription";

/**
 * Writes a graph to a file, as a whole or not at all.
 * @throws ArgumentError, DtypeError before anything is written, for a graph that could not be loaded again;
 *   FileWriteError, CancelledError.
 */
export async function saveGraph(
  path: string,
  graph: CapturedGraph,
  options: SaveOptions = {},
): Promise<void> {
  const { description, tensors } = describeGraph(graph);
  const text = JSON.stringify(description);
  checkReadable(text, graph.label);
  // Other readers take "pt" as the sign of PyTorch's tensors.
  const metadata = { format: "pt", [GRAPH_KEY]: text };
  await writeSafetensors(path, [...tensors], placeAsInMemory, { ...options, metadata });
}

/** What loading would refuse is said before anything is written, while the model is still there. */
function checkReadable(text: string, label: string): void {
  try {
    readDescription(text, `${label} cannot be saved`);
  } catch (error) {
    if (!(error instanceof GraphpatchError)) throw error;
    throw new ArgumentError(error.message, { cause: error });
  }
}
