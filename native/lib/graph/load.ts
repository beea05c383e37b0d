import { CorruptFileError, GraphpatchError } from "../errors";
import { importArchive } from "../import/importArchive";
import type { ImportOptions } from "../import/options";
import { computingDevice } from "../placement/devices";
import type { WeightsProgress } from "../weights/progress";
import type { CapturedGraph } from "./capture";
import { fileKind, notAGraph } from "./fileKind";
import { graphOnDevice } from "./graphOnDevice";
import { loadGraph } from "./persist/loadGraph";

/** Options of loading a graph; those of {@link ImportOptions} are for archives of `torch.export.save`. */
export interface LoadOptions extends ImportOptions {
  /** Called as loading goes on, at most every 50 ms and at the end. */
  onProgress?: (progress: WeightsProgress) => void;
  /**
   * Where all of the graph shall be and compute: `"cuda:0"`. Unless given, an archive is on the CPU, and a saved graph where it was when it was
   * saved; `"cpu"` opens on any machine what was saved on a GPU.
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
  const device = options.device === undefined ? undefined : computingDevice(options.device);
  const kind = fileKind(path);
  switch (kind) {
    case "safetensors":
      return loadGraph(path, { ...options, device });
    case "zip": {
      const graph = importArchive(path, options);
      return device === undefined ? graph : graphOnDevice(graph, device);
    }
    default:
      throw notAGraph(path, kind);
  }
}
