import { CorruptFileError, GraphpatchError } from "../errors";
import type { WeightsProgress } from "../weights/progress";
import type { CapturedGraph } from "./capture";
import { fileKind, notAGraph } from "./fileKind";
import { loadGraph } from "./persist/loadGraph";

export interface LoadOptions {
  /** Called as loading goes on, at most every 50 ms and at the end. */
  onProgress?: (progress: WeightsProgress) => void;
}

/**
 * Opens a graph from a file in any of the formats that are known, by its content.
 * @param make makes the graph; what it throws is said of the file
 */
export async function openGraph<T>(
  path: string,
  options: LoadOptions,
  make: (graph: CapturedGraph) => T,
): Promise<T> {
  const graph = await readGraph(path, options);
  try {
    return make(graph);
  } catch (error) {
    if (!(error instanceof GraphpatchError)) throw error;
    throw new CorruptFileError(`${path}: ${error.message}`, { cause: error });
  }
}

function readGraph(path: string, options: LoadOptions): Promise<CapturedGraph> {
  const kind = fileKind(path);
  switch (kind) {
    case "safetensors":
      return loadGraph(path, options.onProgress);
    default:
      throw notAGraph(path, kind);
  }
}
