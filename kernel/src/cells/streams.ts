import type { StreamName } from "../wire/streamBuffer";
import type { Outputs } from "./outputs";

type Callback = (error?: Error | null) => void;

/** Sends what is written to stdout and stderr to the cell that wrote it. */
export function captureStreams(outputs: Outputs): void {
  capture("stdout", outputs);
  capture("stderr", outputs);
}

function capture(name: StreamName, outputs: Outputs): void {
  // Bytes may be cut within a character: the decoder keeps the rest for the next write.
  const decoder = new TextDecoder();
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | Callback,
    callback?: Callback,
  ): boolean => {
    outputs.stream(name, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
    const done = typeof encoding === "function" ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
  process[name].write = write;
}
