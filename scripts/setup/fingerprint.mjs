// @ts-check
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** What a build writes, or a test reads, is not one of its inputs. */
const ignoredFolders = new Set([
  "node_modules",
  "dist",
  "build",
  "generated",
  "labextension",
  "__pycache__",
  ".nx",
]);
const testFile = /\.(test|spec)\.tsx?$/;

/**
 * A hash of the contents of files and folders, the same on every machine. A path that does not exist counts as absent.
 * @param {string} root
 * @param {readonly string[]} paths relative to `root`; folders are read recursively
 * @param {readonly string[]} [facts] further strings that the result depends on
 * @returns {string}
 */
export function fingerprint(root, paths, facts = []) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`fact ${fact}\0`);
  for (const file of paths.flatMap((path) => listFiles(join(root, path)))) {
    hash
      .update(`file ${relative(root, file).split(sep).join("/")}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

/**
 * @param {string} path
 * @returns {string[]} the files under it in a fixed order
 */
function listFiles(path) {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return [];
  if (info.isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((entry) => (entry.isDirectory() ? !ignoredFolders.has(entry.name) : !testFile.test(entry.name)))
    .flatMap((entry) => listFiles(join(path, entry.name)));
}
