import type { Frame } from "./ir";

const PLACE = /^\s*File "(.*)", line (\d+), in (.*)$/;
/** Python 3.13 marks the part of the line that ran. */
const MARKS = /^\s*[~^]+\s*$/;
/** Longer lines are cut: they come from a file, and are searched for names. */
const MAX_LINE = 400;
/** Frames of export's own machinery. */
const MACHINERY =
  /^<eval_with_key>|(?:^|[\\/])torch[\\/](?:_dynamo|fx|export|_export|_higher_order_ops)[\\/]/;

/** The frames of a node's `stack_trace`, outermost first; those of PyTorch's export machinery are left out. */
export function parseStackTrace(text: string): Frame[] {
  const frames: Frame[] = [];
  for (const line of text.split("\n")) {
    const place = PLACE.exec(line);
    if (place) {
      frames.push({ file: place[1], line: Number(place[2]), function: place[3], code: "" });
    } else if (frames.length > 0 && !MARKS.test(line)) {
      const frame = frames[frames.length - 1];
      if (frame.code === "") frame.code = line.trim().slice(0, MAX_LINE);
    }
  }
  return frames.filter(({ file }) => !MACHINERY.test(file));
}

/** `modeling_gpt2.py:547: input_ids = …`: the innermost frame, as the graph shows it; null without one. */
export function describeFrame(frames: readonly Frame[]): string | null {
  const frame = frames.at(-1);
  if (!frame) return null;
  const place = `${frame.file.split(/[\\/]/).at(-1)}:${frame.line}`;
  return frame.code === "" ? place : `${place}: ${frame.code}`;
}
