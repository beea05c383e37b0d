import { describe, expect, it } from "vitest";
import { SendQueue } from "./sendQueue";

/** A socket like zeromq's: takes so many messages a turn, then is busy. */
class BusySocket {
  readonly closed = false;
  readonly received: number[] = [];
  #free: number;
  readonly #perTurn: number;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#free = perTurn;
  }

  async send([frame]: Uint8Array[]): Promise<void> {
    if (this.#free === 0) {
      setImmediate(() => {
        this.#free = this.#perTurn;
      });
      throw Object.assign(new Error("Socket is busy writing"), { code: "EBUSY" });
    }
    this.#free--;
    this.received.push(Number(Buffer.from(frame).toString()));
  }
}

describe("SendQueue", () => {
  it("delivers 20,000 messages in order through a socket that is often busy", async () => {
    const socket = new BusySocket(500);
    const queue = new SendQueue(socket);
    for (let i = 0; i < 20_000; i++) queue.send([Buffer.from(String(i))]);
    await queue.drained();
    expect(socket.received).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  it("keeps the order of what is sent while it waits", async () => {
    const socket = new BusySocket(1);
    const queue = new SendQueue(socket);
    for (let i = 0; i < 5; i++) queue.send([Buffer.from(String(i))]);
    setImmediate(() => queue.send([Buffer.from("5")]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await queue.drained();
    expect(socket.received).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("goes on after a message that cannot be sent", async () => {
    const received: string[] = [];
    const queue = new SendQueue({
      closed: false,
      send: async ([frame]) => {
        if (frame === undefined) throw Object.assign(new Error("no frames"), { code: "EINVAL" });
        received.push(Buffer.from(frame).toString());
      },
    });
    for (const frames of [[Buffer.from("a")], [], [Buffer.from("b")]]) queue.send(frames);
    await queue.drained();
    expect(received).toEqual(["a", "b"]);
  });

  it("gives up on a closed socket", async () => {
    const queue = new SendQueue({
      closed: true,
      send: () => Promise.reject(Object.assign(new Error("closed"), { code: "EBADF" })),
    });
    queue.send([]);
    await queue.drained();
  });
});
