import { createHmac, timingSafeEqual } from "node:crypto";
import { createHeader, type IncomingMessage, isHeader, isJsonObject, type OutgoingMessage } from "./message";

const DELIMITER = Buffer.from("<IDS|MSG>");
/** Signature, header, parent header, metadata, content. */
const FIXED_FRAMES = 5;

/** What is wrong with a message that was dropped. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** Turns messages into signed frames and back, for one session. */
export class Framing {
  readonly #key: string;
  readonly #session: string;

  /** @param key secret of the connection file; "" turns signing off */
  constructor(key: string, session: string) {
    this.#key = key;
    this.#session = session;
  }

  /** Frames of a message; `identities` are the routing frames (or the topic, on iopub). */
  pack(identities: readonly Uint8Array[], message: OutgoingMessage): Uint8Array[] {
    const parts = [
      JSON.stringify(createHeader(message.type, this.#session)),
      JSON.stringify(message.parent ?? {}),
      message.metadata,
      message.content,
    ].map((part) => Buffer.from(part));
    return [...identities, DELIMITER, Buffer.from(this.#sign(parts)), ...parts, ...message.buffers];
  }

  /**
   * Reads the frames of a message.
   * @throws MalformedMessageError when frames are missing, the signature is wrong, or a part is not what the protocol says
   */
  parse(frames: readonly Uint8Array[]): IncomingMessage {
    const at = frames.findIndex((frame) => DELIMITER.equals(frame));
    if (at < 0) throw new MalformedMessageError("no <IDS|MSG> delimiter");
    const [signature, ...parts] = frames.slice(at + 1, at + 1 + FIXED_FRAMES);
    if (parts.length !== FIXED_FRAMES - 1) throw new MalformedMessageError("frames are missing");
    this.#verify(signature, parts);
    const [header, parent, metadata, content] = parts.map(parseJson);
    if (!isHeader(header)) throw new MalformedMessageError("the header lacks msg_id, msg_type or session");
    if (!isJsonObject(parent) || !isJsonObject(metadata) || !isJsonObject(content)) {
      throw new MalformedMessageError(`parts of ${header.msg_type} are not JSON objects`);
    }
    return {
      identities: frames.slice(0, at),
      header,
      parent,
      metadata,
      content,
      buffers: frames.slice(at + 1 + FIXED_FRAMES),
    };
  }

  #sign(parts: readonly Uint8Array[]): string {
    if (this.#key === "") return "";
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }

  #verify(signature: Uint8Array, parts: readonly Uint8Array[]): void {
    if (this.#key === "") return;
    const expected = Buffer.from(this.#sign(parts));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new MalformedMessageError("wrong signature");
    }
  }
}

function parseJson(frame: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("utf8"));
  } catch {
    throw new MalformedMessageError("a part is not JSON");
  }
}
