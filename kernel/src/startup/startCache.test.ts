import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StartCache } from "./startCache";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "graphpatch-cache-"));
  folder = join(parent, "graphpatch");
});
afterEach(() => rmSync(parent, { recursive: true }));

const code = Buffer.from("code");

describe("the cache of a kernel's start", () => {
  it("keeps an entry for the same source only", () => {
    const cache = new StartCache(folder);
    expect(cache.read("a", "typescript 5.9.3")).toBeNull();
    cache.write("a", "typescript 5.9.3", code);
    expect(new StartCache(folder).read("a", "typescript 5.9.3")).toEqual(code);
    expect(cache.read("a", "typescript 5.9.4")).toBeNull();
    expect(cache.read("b", "typescript 5.9.3")).toBeNull();
  });

  it("takes a damaged entry for a missing one", () => {
    const cache = new StartCache(folder);
    cache.write("a", "source", code);
    const file = join(folder, "a");
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    expect(cache.read("a", "source")).toBeNull();
    writeFileSync(file, "");
    expect(cache.read("a", "source")).toBeNull();
  });

  it("does without where there is no folder", () => {
    writeFileSync(folder, "a file");
    for (const cache of [new StartCache(folder), new StartCache("")]) {
      cache.write("a", "source", code);
      expect(cache.read("a", "source")).toBeNull();
    }
  });

  it.skipIf(process.platform === "win32")("reads and writes only where nobody else can write", () => {
    const cache = new StartCache(folder);
    cache.write("a", "source", code);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    chmodSync(folder, 0o770);
    expect(cache.read("a", "source")).toBeNull();
    cache.write("b", "source", code);
    chmodSync(folder, 0o700);
    expect(cache.read("a", "source")).toEqual(code);
    expect(cache.read("b", "source")).toBeNull();
  });
});
