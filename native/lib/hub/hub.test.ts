import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ArgumentError } from "../errors";
import { hubEnvironment } from "./environment";
import { isInside, parseHubName } from "./hubName";
import { ProgressReporter } from "./progress";

describe("names on the hub", () => {
  test.each([
    ["openai-community/gpt2", "openai-community/gpt2", null],
    ["gpt2", "gpt2", null],
    ["a/b.c_d-1", "a/b.c_d-1", null],
    ["owner/name/file.gguf", "owner/name", "file.gguf"],
    ["owner/name/UD--Q4/model.GGUF", "owner/name", "UD--Q4/model.GGUF"],
  ])("%s", (text, repository, file) => {
    expect(parseHubName(text)).toEqual({ repository, file });
  });

  test.each([
    "",
    "/",
    "owner/",
    "/name",
    "./name",
    "../name",
    "owner/..",
    "owner/a..b",
    "owner/a--b",
    "owner/-a",
    "owner/a-",
    "owner/name.git",
    "owner/name/other",
    "owner/name/../x.gguf",
    "owner/name//x.gguf",
    "C:\\models",
    "owner\\name",
    "own er/name",
    "owner/n\u00e4me",
    `owner/${"x".repeat(96)}`,
  ])("%j is none", (text) => {
    expect(parseHubName(text)).toBe(null);
  });

  test.each(["a", "a/b", ".x/y", "a b"])("%j stays inside", (path) => expect(isInside(path)).toBe(true));
  test.each(["", "/a", "a//b", "a/", ".", "..", "a/../b", "a\\b", "c:d", "a\0"])("%j does not", (path) => {
    expect(isInside(path)).toBe(false);
  });
});

describe("the environment", () => {
  const none = hubEnvironment({ HF_HOME: "/nowhere" });

  test("defaults", () => {
    const { cacheDir } = hubEnvironment({ HF_TOKEN: "hf_x" });
    expect(cacheDir).toBe(join(homedir(), ".cache/huggingface/hub"));
    expect(none).toEqual({
      endpoint: "https://huggingface.co",
      cacheDir: "/nowhere/hub",
      token: null,
      offline: false,
      answerTimeoutMs: 10_000,
      stallTimeoutMs: 10_000,
    });
  });

  test.each<[Record<string, string>, string]>([
    [{ XDG_CACHE_HOME: "/x" }, "/x/huggingface/hub"],
    [{ HF_HOME: "/h", XDG_CACHE_HOME: "/x" }, "/h/hub"],
    [{ HF_HOME: "~/h" }, join(homedir(), "h/hub")],
    [{ HF_HOME: "$DATA/h", DATA: "/d" }, "/d/h/hub"],
    [{ HF_HUB_CACHE: `\${DATA}/c`, HF_HOME: "/h", DATA: "/d" }, "/d/c"],
    [{ HUGGINGFACE_HUB_CACHE: "/old", HF_HOME: "/h" }, "/old"],
    [{ HF_HUB_CACHE: "/new", HUGGINGFACE_HUB_CACHE: "/old" }, "/new"],
  ])("cache of %j", (variables, folder) => {
    expect(hubEnvironment({ HF_TOKEN: "hf_x", ...variables }).cacheDir).toBe(folder);
  });

  test.each<[Record<string, string>, object]>([
    [{ HF_ENDPOINT: "https://mirror/hf/" }, { endpoint: "https://mirror/hf" }],
    [{ HF_HUB_OFFLINE: "TRUE" }, { offline: true }],
    [{ HF_HUB_OFFLINE: "0" }, { offline: false }],
    [{ TRANSFORMERS_OFFLINE: "on" }, { offline: true }],
    [{ HF_HUB_ETAG_TIMEOUT: "3" }, { answerTimeoutMs: 3000 }],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: "nonsense" }, { stallTimeoutMs: 10_000 }],
    [{ HF_TOKEN: "", HUGGING_FACE_HUB_TOKEN: "hf_old" }, { token: "hf_old" }],
    [{ HF_TOKEN: "hf_x", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }, { token: null }],
  ])("%j", (variables, expected) => {
    expect(hubEnvironment({ HF_HOME: "/nowhere", ...variables })).toEqual({ ...none, ...expected });
  });

  test("a token file, and an empty one", () => {
    const home = mkdtempSync(join(tmpdir(), "graphpatch-"));
    mkdirSync(join(home, "sub"));
    writeFileSync(join(home, "token"), "hf_file\n");
    writeFileSync(join(home, "sub/token"), "\n");
    expect(hubEnvironment({ HF_HOME: home }).token).toBe("hf_file");
    expect(hubEnvironment({ HF_HOME: join(home, "sub") }).token).toBe(null);
    rmSync(home, { recursive: true });
  });

  test.each(["huggingface.co", "ftp://x", "https://", "javascript:alert(1)"])("endpoint %s", (endpoint) => {
    expect(() => hubEnvironment({ HF_ENDPOINT: endpoint })).toThrow(ArgumentError);
  });
});

describe("progress", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  test("of several files is added up, and told at most every 50 ms", () => {
    vi.useFakeTimers();
    const seen: string[] = [];
    const reporter = new ProgressReporter("x", ({ done, total }) => seen.push(`${done}/${total}`));
    const [first, second] = [reporter.add(10), reporter.add(20)];
    first(1);
    second(2);
    vi.advanceTimersByTime(60);
    second(5);
    first(0);
    reporter.end();
    expect(seen).toEqual(["1/30", "6/30", "5/30"]);
  });

  test("is one line on a terminal, if it takes a moment", () => {
    vi.useFakeTimers();
    const write = vi.fn((_: string) => true);
    vi.spyOn(process, "stderr", "get").mockReturnValue({ isTTY: true, columns: 40, write } as never);
    const reporter = new ProgressReporter("x");
    const onBytes = reporter.add(100);
    onBytes(10);
    expect(write).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600);
    onBytes(50);
    reporter.end();
    const lines = write.mock.calls.map(([text]) => text);
    expect(lines).toHaveLength(2);
    expect(lines[0].startsWith("\r\u001b[2Kdownloading x ")).toBe(true);
    expect(lines[0].length).toBe(5 + 39);
    expect(lines[1]).toMatch(/\n$/);
  });
});
