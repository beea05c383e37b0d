import { readFileSync } from "node:fs";
import type { GraphDescription } from "../../native/lib/graph/persist/format";
import { GRAPH_KEY } from "../../native/lib/graph/persist/format";

/** A saved graph taken apart, to be put together again with something changed. */
export class SavedGraphBytes {
  readonly header: { [name: string]: unknown; __metadata__: { [key: string]: string } };
  readonly data: Buffer;

  constructor(path: string) {
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    this.header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    this.data = bytes.subarray(8 + length);
  }

  /** A new copy of the description. */
  description(): GraphDescription {
    return JSON.parse(this.header.__metadata__[GRAPH_KEY]);
  }

  /** The file with another description: an object, or any text. */
  withDescription(description: unknown): Buffer {
    const text = typeof description === "string" ? description : JSON.stringify(description);
    return this.withHeader({ ...this.header, __metadata__: { [GRAPH_KEY]: text } });
  }

  withHeader(header: unknown): Buffer {
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, json, this.data]);
  }
}
