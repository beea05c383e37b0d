import { statSync } from "node:fs";
import { ArgumentError, CorruptFileError } from "../errors";
import { FileReader } from "../weights/fileReader";

/** What a file is by its first bytes. */
export type FileKind = "safetensors" | "zip" | "gguf" | "pickle" | "unknown";

/** Enough for the longest mark. */
const HEAD = 64;

/**
 * Looks at the first bytes of a file; its name does not matter.
 * @throws MissingFileError when there is no readable file at `path`.
 * @throws ArgumentError for a folder, saying which call opens it.
 */
export function fileKind(path: string): FileKind {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ArgumentError(
      `${path} is a folder, a graph is one file: AutoModelForCausalLM.fromPretrained() opens the folder of a model, and PatchableGraph.capture() makes a graph of it`,
    );
  }
  using reader = new FileReader(path);
  const head = reader.bytes(Math.min(HEAD, reader.size), "the first bytes");
  if (head.length === 0) throw new CorruptFileError(`${path} is empty`);
  if (head.subarray(0, 4).toString("latin1") === "GGUF") return "gguf";
  if (head.subarray(0, 4).toString("latin1") === "PK\x03\x04") {
    // torch.save writes a zip, too; its first entry is the pickle.
    return /^[^/]*\/data\.pkl/.test(head.subarray(30).toString("latin1")) ? "pickle" : "zip";
  }
  // The header's length, and the brace that opens it.
  if (head.length > 8 && head[8] === 0x7b) return "safetensors";
  // Pickle protocols 2 to 5.
  if (head[0] === 0x80 && head[1] >= 2 && head[1] <= 5) return "pickle";
  return "unknown";
}

/** The error for a file that holds no graph, with the call that opens it. */
export function notAGraph(path: string, kind: Exclude<FileKind, "safetensors" | "zip">): Error {
  switch (kind) {
    case "gguf":
      return new ArgumentError(
        `${path} is a GGUF file, a model without a graph: AutoModelForCausalLM.fromPretrained() opens it, and PatchableGraph.capture() makes a graph of it`,
      );
    case "pickle":
      return new ArgumentError(
        `${path} is a pickle, as torch.save() writes it; it can run code and is never read. Save the model's weights as safetensors in Python and open them with AutoModelForCausalLM.fromPretrained()`,
      );
    case "unknown":
      return new CorruptFileError(
        `${path} holds no graph: it begins with none of the marks of a file that pg.save() or torch.export.save() writes`,
      );
  }
}
