import { randomUUID } from "node:crypto";

/** Version of the Jupyter messaging protocol spoken here. */
export const PROTOCOL_VERSION = "5.4";

export interface Header {
  msg_id: string;
  session: string;
  username: string;
  date: string;
  msg_type: string;
  version: string;
}

export type JsonObject = Record<string, unknown>;

/** A message as it came in, checked for form. */
export interface IncomingMessage {
  /** Routing frames of the sender; a reply carries them back. */
  identities: Uint8Array[];
  header: Header;
  parent: Partial<Header>;
  metadata: JsonObject;
  content: JsonObject;
  buffers: Uint8Array[];
}

/**
 * A message to send. Content and metadata are JSON text already: it is made on the thread that owns the objects, so that
 * what cannot be serialised fails where it was caused.
 */
export interface OutgoingMessage {
  type: string;
  content: string;
  metadata: string;
  parent: Partial<Header> | null;
  buffers: Uint8Array[];
}

/** A fresh header for a message of this kernel. */
export function createHeader(type: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    session,
    username: "kernel",
    date: new Date().toISOString(),
    msg_type: type,
    version: PROTOCOL_VERSION,
  };
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isHeader(value: unknown): value is Header {
  return (
    isJsonObject(value) &&
    typeof value.msg_id === "string" &&
    typeof value.msg_type === "string" &&
    typeof value.session === "string"
  );
}
