import { CancelledError, HubError } from "../errors";
import type { HubEnvironment } from "./environment";

/** Most of an error's body that is read. */
const MAX_ERROR_BODY = 1 << 16;
const MAX_SHOWN = 300;

/** What the messages of a request's errors speak of. */
export interface RequestSubject {
  /** `owner/name`. */
  readonly repository: string;
  readonly revision: string;
}

/**
 * A `fetch` for one model on the hub: it sends the user's token to the hub and nowhere else (a redirect to another host
 * loses it, as the fetch standard has it), gives up when no answer comes, and throws what is wrong with an answer.
 *
 * @throws HubError saying what to do, for answers that are errors and for a hub that cannot be reached.
 * @throws CancelledError once `signal` is aborted.
 */
export function hubFetch(
  environment: HubEnvironment,
  subject: RequestSubject,
  signal?: AbortSignal,
): typeof fetch {
  const { origin } = new URL(environment.endpoint);
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) {
      throw new HubError(`the hub names an address outside of ${environment.endpoint}: ${url.origin}`);
    }
    const headers = new Headers(init.headers);
    if (environment.token !== null) headers.set("authorization", `Bearer ${environment.token}`);
    headers.set("user-agent", "graphpatch");
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), environment.answerTimeoutMs);
    const signals = [silence.signal, signal, init.signal].filter((one) => one instanceof AbortSignal);
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
    } catch (error) {
      if (signal?.aborted) throw cancelled(subject.repository, signal);
      const why = silence.signal.aborted
        ? `no answer in ${environment.answerTimeoutMs / 1000} s`
        : reason(error);
      throw new HubError(
        `${environment.endpoint} cannot be reached: ${why}. Check the network, a proxy or HF_ENDPOINT; with HF_HUB_OFFLINE=1 only the cache is used`,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
    if (response.ok) return response;
    throw await refusal(response, environment, subject);
  };
}

/** That `signal` stopped the loading. */
export function cancelled(repository: string, signal: AbortSignal): CancelledError {
  return new CancelledError(
    `loading ${repository} was cancelled; what has been downloaded is kept and continued from next time`,
    { cause: signal.reason },
  );
}

/** Whether asking again may help: the network failed (that is the cause then), or the hub has trouble. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof HubError)) return false;
  const { status, cause } = error;
  return status === null ? cause !== undefined : status === 429 || status >= 500;
}

/** fetch wraps what went wrong in a bare "fetch failed". */
function reason(error: unknown): string {
  const cause = (error as Error).cause;
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  return inner instanceof Error ? inner.message || inner.name : (error as Error).message;
}

async function refusal(
  response: Response,
  environment: HubEnvironment,
  { repository, revision }: RequestSubject,
): Promise<HubError> {
  const { status } = response;
  const code = response.headers.get("x-error-code");
  const { endpoint, token } = environment;
  const page = `${endpoint}/${repository}`;
  const tokens = `${endpoint}/settings/tokens`;
  const advice = (): string => {
    if (code === "GatedRepo" || (status === 403 && code !== "DisabledRepo")) {
      const ask = `access to ${repository} is granted by its owners: ask for it at ${page}`;
      return token === null
        ? `${ask}, then set HF_TOKEN to a token of your account (${tokens})`
        : `${ask}; the token that was sent is of an account without it, or may not read gated models`;
    }
    if (code === "DisabledRepo") return `${repository} has been disabled`;
    if (code === "RevisionNotFound") return `${repository} has no revision "${revision}"; see ${page}`;
    if (code === "EntryNotFound")
      return `${repository} has no such file in revision "${revision}"; see ${page}`;
    if (status === 401 || status === 404) {
      return token === null
        ? `there is no model "${repository}" on the hub, or it is private: check its name at ${page}; for a private one set HF_TOKEN to a token that may read it (${tokens})`
        : `there is no model "${repository}" on the hub, or the token that was sent (HF_TOKEN, or the token file) may not read it: check the name and the token (${page}, ${tokens})`;
    }
    if (status === 429) {
      return `too many requests; wait some minutes${token === null ? ", or set HF_TOKEN, which raises the limit" : ""}`;
    }
    return status >= 500 ? "the hub has a problem of its own; try again later" : `see ${page}`;
  };
  const said = await errorText(response);
  return new HubError(`${advice()}. The hub answered ${status}${said === "" ? "" : `: ${said}`}`, { status });
}

/** What the server says is wrong: one line of it, without control characters, for it may end on a terminal. */
async function errorText(response: Response): Promise<string> {
  const header = response.headers.get("x-error-message");
  const text = header ?? jsonError(await bodyStart(response)) ?? "";
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, MAX_SHOWN);
}

async function bodyStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_ERROR_BODY) break;
    }
  } catch {
    // The status has said the most important already.
  }
  return text;
}

function jsonError(body: string): string | null {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === "string" ? error : null;
  } catch {
    return null;
  }
}
