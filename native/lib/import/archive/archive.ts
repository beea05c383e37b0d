import { CorruptFileError, PickledDataError, UnsupportedExportError } from "../../errors";
import { readPayloads, readProgram } from "./readProgram";
import type { ExportedProgram } from "./schema";
import { ArchiveWeights } from "./weights";
import type { ZipArchive } from "./zipArchive";

/** What an archive of `torch.export.save` holds. */
export interface ExportArchive {
  program: ExportedProgram;
  weights: ArchiveWeights;
}

/**
 * Reads the graph of a `.pt2` archive and where its weights lie. Pickles in it (`sample_inputs`, old weights) are never touched.
 * @param archive stays open as long as weights are read from it.
 * @param model which of several models the archive holds; needed only then.
 * @throws CorruptFileError when it is no such archive.
 * @throws PickledDataError when its weights are a pickle, as torch 2.8 and older wrote them.
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
  const weights = `data/weights/${chosen}_weights_config.json`;
  const constants = `data/constants/${chosen}_constants_config.json`;
  if (!archive.has(`${root}${weights}`)) refuseWeights(path, archive.has(`${root}data/weights/${chosen}.pt`));
  return {
    program: readProgram(text(graph), `${path}, ${graph}`),
    weights: new ArchiveWeights(
      archive,
      root,
      readPayloads(text(weights), `${path}, ${weights}`),
      archive.has(`${root}${constants}`) ? readPayloads(text(constants), `${path}, ${constants}`) : new Map(),
    ),
  };
}

function refuseWeights(path: string, isPickled: boolean): never {
  if (!isPickled) throw new CorruptFileError(`${path} says nowhere where its weights lie`);
  throw new PickledDataError(
    `${path} holds its weights as a Python pickle, as torch 2.8 wrote them, and pickles are never read. Save it again with torch 2.9 or later: torch.export.save(torch.export.load("old.pt2"), "new.pt2")`,
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
  if (models.length === 0) throw new CorruptFileError(`${path} holds no exported model`);
  const list = models.map((name) => `"${name}"`).join(", ");
  throw new UnsupportedExportError(
    wanted === undefined
      ? `${path} holds several models; choose one with the option model: ${list}`
      : `${path} holds no model "${wanted}", but ${list}`,
  );
}
