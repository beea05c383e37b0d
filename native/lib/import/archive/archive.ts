import { CorruptFileError, PickledDataError, UnsupportedExportError } from "../../errors";
import { readPickledTensors } from "./pickledTensors";
import { readPayloads, readProgram } from "./readProgram";
import type { ExportedProgram, Payload } from "./schema";
import { ArchiveWeights } from "./weights";
import { ZipArchive } from "./zipArchive";

/** What an archive of `torch.export.save` holds. */
export interface ExportArchive {
  program: ExportedProgram;
  weights: ArchiveWeights;
}

/**
 * Reads the graph of a `.pt2` archive and where its weights lie. Pickles in it are never run: that of the sample inputs is not
 * touched, and those in which torch 2.8 wrote where weights lie are read as data (`pickledTensors.ts`).
 * @param archive stays open as long as weights are read from it.
 * @param model which of several models the archive holds; needed only then.
 * @throws CorruptFileError when it is no such archive.
 * @throws PickledDataError when it is of torch 2.7 or older, which pickled more than tensors.
 */
export function readArchive(archive: ZipArchive, model?: string): ExportArchive {
  const { path } = archive;
  const names = archive.names();
  const root = rootOf(archive, names);
  const text = (name: string): string => archive.read(`${root}${name}`).toString("utf8");
  if (archive.has(`${root}byteorder`) && text("byteorder") !== "little") {
    throw new UnsupportedExportError(`${path} was written on a big-endian machine`);
  }
  const chosen = chooseModel(path, names, root, model);
  const graph = `models/${chosen}.json`;
  const payloads = (kind: "weights" | "constants"): ReadonlyMap<string, Payload> | null => {
    const folder = `${root}data/${kind}/`;
    const config = `${folder}${chosen}_${kind}_config.json`;
    if (archive.has(config))
      return readPayloads(archive.read(config).toString("utf8"), `${path}, ${config}`, folder);
    const saved = `${folder}${chosen}.pt`;
    return archive.has(saved) ? savedTensors(archive, saved) : null;
  };
  const weights = payloads("weights");
  if (!weights) throw new CorruptFileError(`${path} says nowhere where its weights lie`);
  return {
    program: readProgram(text(graph), `${path}, ${graph}`),
    weights: new ArchiveWeights(archive, weights, payloads("constants") ?? new Map()),
  };
}

/** What torch 2.8 wrote with `torch.save`: an archive in the archive, whose pickle says which tensor lies where. */
function savedTensors(archive: ZipArchive, entry: string): Map<string, Payload> {
  using inner = new ZipArchive(archive.path, archive.locate(entry));
  const pickle = inner.names().find((name) => name.endsWith("/data.pkl"));
  if (pickle === undefined) throw new CorruptFileError(`${archive.path}: ${entry} is no file of torch.save`);
  const folder = pickle.slice(0, -"data.pkl".length);
  const tensors = readPickledTensors(inner.read(pickle), `${archive.path}, ${entry}`);
  return new Map(
    [...tensors].map(([name, tensor]): [string, Payload] => {
      if (!tensor) return [name, { entry, usesPickle: true, meta: null }];
      const storage = `${folder}data/${tensor.storage}`;
      return [
        name,
        { entry: `${entry} ${storage}`, range: inner.locate(storage), usesPickle: false, meta: tensor },
      ];
    }),
  );
}

/** The folder that all entries lie in, with its slash: PyTorch names it after the file. */
function rootOf({ path }: ZipArchive, names: string[]): string {
  const format = names.find((name) => name.split("/").length <= 2 && name.endsWith("archive_format"));
  if (format !== undefined) return format.slice(0, -"archive_format".length);
  if (names.some((name) => name.endsWith("serialized_exported_program.json"))) {
    throw new PickledDataError(
      `${path} is in the format of torch 2.7 and older, whose weights are a Python pickle. Save it again with torch 2.9 or later: torch.export.save(torch.export.load("old.pt2"), "new.pt2")`,
    );
  }
  throw new CorruptFileError(`${path} is a zip archive, but not one of torch.export.save`);
}

function chooseModel(path: string, names: string[], root: string, wanted?: string): string {
  const prefix = `${root}models/`;
  const models = names
    .filter((name) => name.startsWith(prefix) && name.endsWith(".json"))
    .map((name) => name.slice(prefix.length, -".json".length));
  if (wanted !== undefined && models.includes(wanted)) return wanted;
  if (wanted === undefined && models.length === 1) return models[0];
  if (models.length === 0 && names.some((name) => name.startsWith(`${root}data/aotinductor/`))) {
    throw new UnsupportedExportError(
      `${path} was compiled by AOTInductor: it holds machine code, and no graph. Save the exported program itself: torch.export.save(ep, "model.pt2")`,
    );
  }
  if (models.length === 0) throw new CorruptFileError(`${path} holds no exported model`);
  const list = models.map((name) => `"${name}"`).join(", ");
  throw new UnsupportedExportError(
    wanted === undefined
      ? `${path} holds several models; choose one with the option model: ${list}`
      : `${path} holds no model "${wanted}", but ${list}`,
  );
}
