import type { CellSources } from "./cellSources";

/** Makes `stack` of every error name the lines of cells as they were written, wherever it is printed. */
export function writeOriginalPositions(sources: CellSources): void {
  Error.prepareStackTrace = (error, frames) => {
    const lines = sources.original(frames.map(String)).map((frame) => `    at ${frame}`);
    return [titleOf(error), ...lines].join("\n");
  };
}

function titleOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
