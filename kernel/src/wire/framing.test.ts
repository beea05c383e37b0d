import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Framing, MalformedMessageError } from "./framing";
import { createHeader } from "./message";

const framing = new Framing("secret", "session");
const header = createHeader("execute_request", "client");

function packed(content: object, buffers: Uint8Array[] = []): Uint8Array[] {
  return framing.pack([Buffer.from("id")], {
    type: "execute_request",
    content: JSON.stringify(content),
    metadata: "{}",
    parent: header,
    buffers,
  });
}

describe("framing", () => {
  it("reads back what it packed, buffers included", () => {
    const message = framing.parse(packed({ code: "1 + 1 // 😀" }, [Uint8Array.of(1, 2), Uint8Array.of()]));
    expect(message.header.msg_type).toBe("execute_request");
    expect(message.parent).toEqual(header);
    expect(message.content).toEqual({ code: "1 + 1 // 😀" });
    expect(message.identities).toEqual([Buffer.from("id")]);
    expect(message.buffers).toEqual([Uint8Array.of(1, 2), Uint8Array.of()]);
  });

  it("signs as the protocol says: HMAC-SHA256 over header, parent, metadata and content", () => {
    // hmac.new(b"secret", b'{"msg_id":"a","msg_type":"b","session":"c"}{}{}{}', "sha256").hexdigest() in Python
    const signature = "4104d508a89aca5f70970f33b31b205eee9388d7bf791307bbf32dc01e529b45";
    const parts = ['{"msg_id":"a","msg_type":"b","session":"c"}', "{}", "{}", "{}"].map((part) =>
      Buffer.from(part),
    );
    const frames = [Buffer.from("<IDS|MSG>"), Buffer.from(signature), ...parts];
    expect(framing.parse(frames).header.msg_id).toBe("a");
  });

  it("refuses a changed message and another key's", () => {
    const frames = packed({ code: "1" });
    const changed = [...frames];
    changed[6] = Buffer.from('{"code":"2"}');
    expect(() => framing.parse(changed)).toThrow(new MalformedMessageError("wrong signature"));
    expect(() => new Framing("other", "s").parse(frames)).toThrow("wrong signature");
  });

  it("does not sign without a key", () => {
    const open = new Framing("", "s");
    const frames = open.pack([], {
      type: "status",
      content: "{}",
      metadata: "{}",
      parent: null,
      buffers: [],
    });
    expect(frames[1]).toHaveLength(0);
    expect(open.parse(frames).header.msg_type).toBe("status");
  });

  it("meets any frames with MalformedMessageError or a message", () => {
    const open = new Framing("", "s");
    const part = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.constant(Buffer.from("<IDS|MSG>")),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), (frames) => {
        try {
          expect(typeof open.parse(frames).header.msg_id).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
    );
  });
});
