import { HubError } from "../errors";
import { type HubName, type HubOptions, HubRepository } from "../hub";
import { fetchGguf, ggufsIn } from "../models/fromHub";
import { SETTINGS, TOKENIZER } from "./files";

/**
 * Brings a tokenizer's files from the hub into the cache.
 * @returns the folder, or the `.gguf` file
 * @throws HubError saying what the hub refuses or the repository lacks.
 */
export async function fetchTokenizer({ repository, file }: HubName, options: HubOptions): Promise<string> {
  const hub = await HubRepository.open(repository, options);
  if (file !== null) return fetchGguf(hub, file);
  const files = await hub.list();
  if (files.includes(TOKENIZER)) {
    await hub.fetch([TOKENIZER, SETTINGS].filter((name) => files.includes(name)));
    return hub.folder;
  }
  const ggufs = ggufsIn(files);
  if (ggufs.length === 1) return fetchGguf(hub, ggufs[0]);
  throw new HubError(
    `${hub} has no ${TOKENIZER}; save its tokenizer with transformers' save_pretrained (a fast tokenizer) first, or load that of a model with the same vocabulary`,
  );
}
