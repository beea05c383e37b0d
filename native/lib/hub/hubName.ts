import { ArgumentError } from "../errors";

/** What the hub calls a model, and a file in it if only that one is meant. */
export interface HubName {
  /** `owner/name`, or the bare name of one of the oldest models (`gpt2`). */
  readonly repository: string;
  /** Path in the repository. */
  readonly file: string | null;
}

const MAX_LENGTH = 96;

/**
 * Reads `owner/name`, `name`, or `owner/name/path/to/file.gguf`. Null for what cannot be the name of a model on the
 * hub (huggingface_hub's `validate_repo_id`).
 */
export function parseHubName(text: string): HubName | null {
  const parts = text.split("/");
  const repository = parts.slice(0, 2).join("/");
  const file = parts.length > 2 ? parts.slice(2).join("/") : null;
  if (repository.length > MAX_LENGTH || repository.endsWith(".git")) return null;
  if (!parts.slice(0, 2).every(isNamePart)) return null;
  if (file !== null && !(/\.gguf$/i.test(file) && isInside(file))) return null;
  return { repository, file };
}

function isNamePart(part: string): boolean {
  return /^[\w.-]+$/.test(part) && !/^[.-]|[.-]$|--|\.\./.test(part);
}

/** Whether a path stays in its folder whatever it is joined to: not absolute, no `..`, no Windows drive or separator. */
export function isInside(path: string): boolean {
  return path
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part));
}

/** @throws ArgumentError unless `revision` can be a branch, a tag or a commit. */
export function checkRevision(revision: string): void {
  if (isInside(revision)) return;
  throw new ArgumentError(`revision must be a branch, a tag or a commit; found "${revision}"`);
}
