import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** The entries and bytes of a `.safetensors` file, read the simplest way. */
function readEntries(path: string): [string, Entry, Buffer][] {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header: Record<string, Entry> = JSON.parse(bytes.toString("utf8", 8, start));
  return Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => {
      const [from, to] = entry.data_offsets;
      return [name, entry, bytes.subarray(start + from, start + to)];
    });
}

/**
 * Copies a transformers directory into `folder` with its weights in one file and under other names.
 * @param rename the new name, or names, of a weight; none leaves it out
 * @param config fields of its configuration to change
 * @returns `folder`
 */
export function copyCheckpoint(
  source: string,
  folder: string,
  rename: (name: string) => string[],
  config: Record<string, unknown> = {},
): string {
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(source);
  for (const file of files.filter((name) => name.startsWith("tokenizer"))) {
    copyFileSync(join(source, file), join(folder, file));
  }
  const original = JSON.parse(readFileSync(join(source, "config.json"), "utf8"));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...original, ...config }));
  const header: Record<string, Entry> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const file of files.filter((name) => name.endsWith(".safetensors"))) {
    for (const [name, entry, bytes] of readEntries(join(source, file))) {
      for (const renamed of rename(name)) {
        header[renamed] = { ...entry, data_offsets: [offset, offset + bytes.length] };
        parts.push(bytes);
        offset += bytes.length;
      }
    }
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(join(folder, "model.safetensors"), Buffer.concat([length, text, ...parts]));
  return folder;
}
