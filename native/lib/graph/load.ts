import { CorruptFileError, GraphpatchError } from "../errors";
import { importArchive } from "../import/importArchive";
import type { ImportOptions } from "../import/options";
import type { WeightsProgress } from "../weights/progress";
import type { CapturedGraph } from "./capture";
import { fileKind, notAGraph } from "./fileKind";
import { loadGraph } from "./persist/loadGraph";

/** Options of loading a graph; those of {@link ImportOptions} are for archives of `torch.export.save`. */
export interface LoadOptions extends ImportOptions {
  /** Called as loading goes on, at most every 50 ms and at the end. */
  onProgress?: (progress: WeightsProgress) => void;
  /**
   * Of a saved graph: where all of it shall be. Unless given, tensors are where they were when it was saved; `"cpu"` opens on any
   * machine what was saved on a GPU.
   */
  device?: string;
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

async function readGraph(path: string, options: LoadOptions): Promise<CapturedGraph> {
  const kind = fileKind(path);
  switch (kind) {
    case "safetensors":
      return loadGraph(path, options);
    case "zip":
      return importArchive(path, options);
    default:
      throw notAGraph(path, kind);
  }
}
