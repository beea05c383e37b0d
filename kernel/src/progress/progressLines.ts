import type { ProgressLine } from "@graphpatch/native";
import type { Displays } from "../display/display";

/** An output that long work writes its progress on, and that keeps what it said last. */
export function progressLine(displays: Displays): ProgressLine {
  const { text } = displays.newDisplay();
  return { show: text, end: text };
}
