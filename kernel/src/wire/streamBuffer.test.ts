import { describe, expect, it } from "vitest";
import { StreamBuffer, type StreamText } from "./streamBuffer";

const parent = { msg_id: "a" };

describe("StreamBuffer", () => {
  it("joins writes to one stream and keeps the order of two", () => {
    const published: StreamText[] = [];
    const buffer = new StreamBuffer((text) => published.push(text));
    buffer.write({ name: "stdout", text: "1", parent });
    buffer.write({ name: "stdout", text: "2", parent });
    buffer.write({ name: "stderr", text: "3", parent });
    buffer.write({ name: "stderr", text: "4", parent: { msg_id: "b" } });
    buffer.flush();
    expect(published.map(({ name, text, parent: of }) => [name, text, of?.msg_id])).toEqual([
      ["stdout", "12", "a"],
      ["stderr", "3", "a"],
      ["stderr", "4", "b"],
    ]);
  });

  it("publishes by itself after a moment", async () => {
    const published: string[] = [];
    const buffer = new StreamBuffer(({ text }) => published.push(text));
    buffer.write({ name: "stdout", text: "x", parent });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(published).toEqual(["x"]);
  });
});
