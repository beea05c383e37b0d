import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ArgumentError } from "../errors";

/** What the environment says about the hub, as Python's `huggingface_hub` reads it. */
export interface HubEnvironment {
  /** Where the hub is, without a slash at its end (`HF_ENDPOINT`). */
  readonly endpoint: string;
  /** The folder with a folder for each repository (`HF_HUB_CACHE`, else `hub` in `HF_HOME`). */
  readonly cacheDir: string;
  /** The user's access token (`HF_TOKEN`, else the token file that `hf auth login` writes). */
  readonly token: string | null;
  /** Whether only the cache may be used (`HF_HUB_OFFLINE`). */
  readonly offline: boolean;
  /** How long the hub may take to answer (`HF_HUB_ETAG_TIMEOUT`, in seconds there). */
  readonly answerTimeoutMs: number;
  /** How long a download may stand still (`HF_HUB_DOWNLOAD_TIMEOUT`, in seconds there). */
  readonly stallTimeoutMs: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

const ENDPOINT = "https://huggingface.co";
const TIMEOUT_S = 10;

/**
 * Reads the environment's variables and the token file, anew at each call.
 * @throws ArgumentError when `HF_ENDPOINT` is no web address, or the token holds characters that no token has.
 */
export function hubEnvironment(variables: Variables = process.env): HubEnvironment {
  const home =
    path(variables, "HF_HOME") ??
    join(path(variables, "XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  return {
    endpoint: endpoint(variables.HF_ENDPOINT || ENDPOINT),
    cacheDir: resolve(
      path(variables, "HF_HUB_CACHE") ?? path(variables, "HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    ),
    token: isTrue(variables.HF_HUB_DISABLE_IMPLICIT_TOKEN) ? null : readToken(variables, home),
    offline: isTrue(variables.HF_HUB_OFFLINE || variables.TRANSFORMERS_OFFLINE),
    answerTimeoutMs: seconds(variables.HF_HUB_ETAG_TIMEOUT) * 1000,
    stallTimeoutMs: seconds(variables.HF_HUB_DOWNLOAD_TIMEOUT) * 1000,
  };
}

function endpoint(text: string): string {
  const trimmed = text.replace(/\/+$/, "");
  if (!/^https?:\/\/[^/]/.test(trimmed) || !URL.canParse(trimmed)) {
    throw new ArgumentError(`HF_ENDPOINT must be an address such as ${ENDPOINT}; found "${text}"`);
  }
  return trimmed;
}

/** A variable that holds a path; `~`, `$NAME` and `${NAME}` in it are expanded. */
function path(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  if (!value) return undefined;
  return value
    .replace(/^~(?=$|[/\\])/, homedir())
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced, bare) => variables[braced ?? bare] ?? all);
}

function isTrue(value: string | undefined): boolean {
  return ["1", "ON", "YES", "TRUE"].includes(value?.toUpperCase() ?? "");
}

function seconds(value: string | undefined): number {
  const number = Number(value || TIMEOUT_S);
  return number > 0 ? number : TIMEOUT_S;
}

function readToken(variables: Variables, home: string): string | null {
  const given = variables.HF_TOKEN || variables.HUGGING_FACE_HUB_TOKEN;
  const file = path(variables, "HF_TOKEN_PATH") ?? join(home, "token");
  const text = given ?? (existsSync(file) ? readFileSync(file, "utf8") : "");
  const token = text.replace(/[\r\n]/g, "").trim();
  // Whatever stands in a wrong place must not end in a message, nor in a header.
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new ArgumentError(
      `${given ? "HF_TOKEN" : file} holds spaces or characters that no access token has`,
    );
  }
  return token === "" ? null : token;
}
