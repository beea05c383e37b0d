import { readFileSync } from "node:fs";
import { isJsonObject } from "./message";

/** What a connection file says. */
export interface Connection {
  transport: string;
  ip: string;
  key: string;
  shell_port: number;
  control_port: number;
  iopub_port: number;
  stdin_port: number;
  hb_port: number;
}

const PORTS = ["shell_port", "control_port", "iopub_port", "stdin_port", "hb_port"] as const;

/**
 * Reads a connection file.
 * @throws Error naming the file and the field that is missing or of the wrong type
 */
export function readConnection(file: string): Connection {
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isJsonObject(value)) throw new Error(`${file}: not a connection file`);
  const scheme = value.signature_scheme ?? "hmac-sha256";
  if (scheme !== "hmac-sha256")
    throw new Error(`${file}: signature scheme ${String(scheme)} is not supported`);
  const text = (name: string) => {
    const field = value[name];
    if (typeof field !== "string") throw new Error(`${file}: "${name}" is missing`);
    return field;
  };
  const [shell_port, control_port, iopub_port, stdin_port, hb_port] = PORTS.map((name) => {
    const field = value[name];
    if (typeof field !== "number") throw new Error(`${file}: "${name}" is missing`);
    return field;
  });
  return {
    transport: text("transport"),
    ip: text("ip"),
    key: text("key"),
    shell_port,
    control_port,
    iopub_port,
    stdin_port,
    hb_port,
  };
}

/** ZeroMQ endpoint of one port. */
export function endpoint(connection: Connection, port: number): string {
  const separator = connection.transport === "tcp" ? ":" : "-";
  return `${connection.transport}://${connection.ip}${separator}${port}`;
}
