import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { HubError } from "../../native/lib/errors";
import { AutoTokenizer } from "../../native/lib/tokenizers";
import { FIXTURES } from "../support/files";
import { cache, failureOf, load, scratch, server, TOKEN, useHub } from "../support/hubScene";
import { error, HubServer, type SeenRequest } from "../support/hubServer";

useHub();

describe("the token", () => {
  const sentTo = (host: SeenRequest["host"]) =>
    new Set(server.requests.filter((seen) => seen.host === host).map(({ authorization }) => authorization));

  test.each<[string, () => void]>([
    ["of HF_TOKEN", () => vi.stubEnv("HF_TOKEN", ` ${TOKEN}\n`)],
    ["of the token file", () => scratch.write("token", `${TOKEN}\n`)],
    [
      "of the file at HF_TOKEN_PATH",
      () => vi.stubEnv("HF_TOKEN_PATH", scratch.write("elsewhere.txt", TOKEN)),
    ],
  ])("%s goes to the hub, and not to where it redirects", async (_, give) => {
    give();
    await load("owner/llama");
    expect(sentTo("hub")).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(sentTo("storage")).toEqual(new Set([undefined]));
  });

  test("is not sent where a listing's next page leads", async () => {
    vi.stubEnv("HF_TOKEN", TOKEN);
    const other = await HubServer.start({ repositories: {} });
    server.refuse = (request, response) => {
      if (!request.url?.includes("/tree/")) return false;
      response.setHeader("link", `<${other.endpoint}/next>; rel="next"`);
      response.setHeader("content-type", "application/json").end("[]");
      return true;
    };
    const failure = await failureOf(load("owner/gpt2"));
    await other.stop();
    expect(failure.message).toMatch(/names an address outside of/);
    expect(other.requests).toEqual([]);
  });

  test("that cannot be one is not sent, nor shown", async () => {
    vi.stubEnv("HF_TOKEN", "hf_with spaces");
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure.message).toMatch(/HF_TOKEN holds spaces/);
    expect(failure.message).not.toContain("hf_with");
  });
});

describe("what the hub refuses", () => {
  const refusal = async (status: number, code: string, token?: string): Promise<Error> => {
    if (token) vi.stubEnv("HF_TOKEN", token);
    server.refuse = (_, response) => {
      error(response, status, code, "what\u001b[31m the\nserver says");
      return true;
    };
    return failureOf(load("owner/gpt2"));
  };

  test.each([
    [401, "RepoNotFound", undefined, /no model "owner\/gpt2" on the hub, or it is private.*set HF_TOKEN/],
    [
      404,
      "RepoNotFound",
      TOKEN,
      /or the token that was sent \(HF_TOKEN, or the token file\) may not read it/,
    ],
    [401, "GatedRepo", undefined, /granted by its owners: ask for it at .*owner\/gpt2, then set HF_TOKEN/],
    [403, "GatedRepo", TOKEN, /the token that was sent is of an account without it/],
    [404, "RevisionNotFound", undefined, /owner\/gpt2 has no revision "main"/],
    [403, "DisabledRepo", undefined, /owner\/gpt2 has been disabled/],
    [429, "", undefined, /too many requests; wait some minutes, or set HF_TOKEN/],
  ])("%i %s, token %s", async (status, code, token, message) => {
    const failure = await refusal(status, code, token);
    expect(failure).toBeInstanceOf(HubError);
    expect(failure).toMatchObject({ status });
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(`The hub answered ${status}: what [31m the server says`);
    expect(failure.message).toContain(join(process.cwd(), "owner/gpt2"));
    expect(failure.message).not.toContain(TOKEN);
  });

  test.each([
    [401, undefined, /access to owner\/gpt2 is granted by its owners: ask for it at .*, then set HF_TOKEN/],
    [403, TOKEN, /the token that was sent is of an account without it/],
  ])("a gated model is listed, and only its files are refused: %i", async (status, token, message) => {
    if (token) vi.stubEnv("HF_TOKEN", token);
    server.refuse = (request, response) => {
      if (!request.url?.includes("/resolve/")) return false;
      error(response, status, "GatedRepo", "Access to this model is restricted");
      return true;
    };
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure).toMatchObject({ status });
    expect(failure.message).toMatch(message);
    expect(existsSync(join(cache, "models--owner--gpt2/blobs"))).toBe(false);
  });

  test("an index that leads out of the folder, or names what is not there", async () => {
    const index = (file: string) => JSON.stringify({ weight_map: { "wte.weight": file } });
    const config = readFileSync(join(FIXTURES, "gpt2-tiny/config.json"));
    const sharded = (file: string) => ({
      "config.json": config,
      "model.safetensors.index.json": index(file),
    });
    const other = await HubServer.start({
      repositories: { "owner/out": sharded("../../../outside"), "owner/gone": sharded("gone.safetensors") },
    });
    vi.stubEnv("HF_ENDPOINT", other.endpoint);
    const [out, gone] = [await failureOf(load("owner/out")), await failureOf(load("owner/gone"))];
    await other.stop();
    expect(out.message).toMatch(
      /"\.\.\/\.\.\/\.\.\/outside", which is not the name of a file in the same folder/,
    );
    expect(gone.message).toMatch(/owner\/gone has no file gone\.safetensors/);
    expect(other.downloads).not.toContain("../../../outside");
  });

  test("a model that is not there, a file that is not there", async () => {
    expect((await failureOf(load("owner/nothing"))).message).toMatch(/no model "owner\/nothing" on the hub/);
    expect((await failureOf(load("owner/ggufs"))).message).toMatch(
      /has no config\.json; name one of its \.gguf files, as in "owner\/name\/file\.gguf": a-q4\.gguf, b-q8\.gguf/,
    );
    expect((await failureOf(load("owner/ggufs/c.gguf"))).message).toMatch(/has no file c\.gguf; name one of/);
    expect((await failureOf(load("owner/pickle"))).message).toMatch(
      /has neither model\.safetensors nor .*only pytorch_model\.bin, a pickle, .*never read/,
    );
    expect((await failureOf(AutoTokenizer.fromPretrained("owner/pickle"))).message).toMatch(
      /has no tokenizer\.json/,
    );
    expect((await failureOf(load("owner/gpt2", { revision: "nope" }))).message).toMatch(/no revision "nope"/);
  });

  test.each(["../x", "/etc", "a\\b", "", "a/../b"])("a revision %j that is a way out", async (revision) => {
    expect((await failureOf(load("owner/gpt2", { revision }))).message).toMatch(/revision must be/);
  });

  test("an answer that is no hub's", async () => {
    server.refuse = (_, response) => {
      response.setHeader("content-type", "text/html").end("<html>Log in</html>");
      return true;
    };
    expect((await failureOf(load("owner/gpt2"))).message).toMatch(/does not answer as the hub does/);
  });

  test.each([
    { path: "../../outside" },
    { path: "/etc/passwd" },
    { path: "a\\b" },
    { path: 7 },
    { size: -1 },
    { size: "12" },
    { size: 2 ** 60 },
    { oid: "../../x", lfs: undefined },
    { oid: "A".repeat(40), lfs: undefined },
    { lfs: { oid: "../../../x".padEnd(64, "a") } },
  ])("a listing with %j", async (change) => {
    server.tamper = (entry) => ({ ...entry, ...change });
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure.message).toMatch(/in a way that cannot be right/);
    expect(readdirSync(scratch.path)).toEqual(["hub"]);
    expect(server.downloads).toEqual([]);
  });

  test("more than the disk has room for", async () => {
    server.tamper = (entry) => ({ ...entry, size: 2 ** 52 });
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure.message).toMatch(/needs 4503599\.6 GB in .*which has room for .*set HF_HUB_CACHE/);
  });
});
