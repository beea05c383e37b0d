import { HubError } from "../errors";
import { type HubName, type HubOptions, HubRepository } from "../hub";
import { isLaterPart, partsOf } from "../weights/gguf/splitGguf";
import { shardsOf } from "../weights/shardedSafetensors";
import { CONFIG, INDEX, PICKLES, readConfig, WEIGHTS } from "./checkpoint";

/**
 * Brings a model from the hub into the cache: the configuration first, so that an architecture that is not known is
 * told before gigabytes are fetched, then only the weights that are read here.
 *
 * @returns the folder, or the `.gguf` file, as `openCheckpoint` takes it
 * @throws HubError saying what the hub refuses or the repository lacks; UnknownArchitectureError.
 */
export async function fetchModel({ repository, file }: HubName, options: HubOptions): Promise<string> {
  const hub = await HubRepository.open(repository, options);
  if (file !== null) return fetchGguf(hub, file);
  const files = await hub.list();
  if (!files.includes(CONFIG)) return fetchGguf(hub, soleGguf(hub, files));
  await hub.fetch([CONFIG]);
  readConfig(hub.folder);
  if (files.includes(WEIGHTS)) await hub.fetch([WEIGHTS]);
  else if (files.includes(INDEX)) {
    await hub.fetch([INDEX]);
    await hub.fetch(shardsOf(hub.path(INDEX)));
  } else throw noWeights(hub, files);
  return hub.folder;
}

/**
 * Brings one `.gguf` file into the cache, with the other parts where it is one of several, and returns its path, or the first one's.
 * @throws HubError naming the files to choose from when there is no such one.
 */
export async function fetchGguf(hub: HubRepository, file: string): Promise<string> {
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : "";
  const files = await hub.list(folder);
  if (!files.includes(file)) throw new HubError(`${hub} has no file ${file}; ${ggufsAmong(files)}`);
  const parts = partsOf(file);
  const missing = parts.filter((part) => !files.includes(part));
  if (missing.length > 0) throw new HubError(`${hub} lacks parts of ${file}: ${missing.join(", ")}`);
  await hub.fetch(parts);
  return hub.path(parts[0]);
}

/** The only `.gguf` file of a repository that is not a transformers one. */
function soleGguf(hub: HubRepository, files: readonly string[]): string {
  const ggufs = ggufsIn(files);
  if (ggufs.length === 1) return ggufs[0];
  throw new HubError(`${hub} has no ${CONFIG}; ${ggufsAmong(files)}`);
}

export function ggufsIn(files: readonly string[]): string[] {
  return files.filter((name) => /\.gguf$/i.test(name) && !isLaterPart(name));
}

function ggufsAmong(files: readonly string[]): string {
  const ggufs = ggufsIn(files);
  return ggufs.length === 0
    ? "there is no .gguf file either"
    : `name one of its .gguf files, as in "owner/name/file.gguf": ${ggufs.join(", ")}`;
}

function noWeights(hub: HubRepository, files: readonly string[]): HubError {
  const pickle = PICKLES.find((name) => files.includes(name));
  return new HubError(
    `${hub} has neither ${WEIGHTS} nor ${INDEX}${
      pickle === undefined
        ? ""
        : `, only ${pickle}, a pickle, which can run code and is never read. The hub may have a converted copy: look for one among the repository's pull requests and give revision: "refs/pr/N", or save the model as safetensors yourself`
    }`,
  );
}
