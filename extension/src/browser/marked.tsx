import type * as React from "react";
import { visibleText } from "../text";
import type { Span } from "./fuzzy";

/** Text with parts of it marked. The text is untrusted: React makes text nodes of it. */
export function Marked({ text, spans }: { text: string; spans: readonly Span[] }): React.JSX.Element {
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    if (start > at) parts.push(visibleText(text.slice(at, start)));
    parts.push(<mark key={start}>{visibleText(text.slice(start, end))}</mark>);
    at = end;
  }
  if (at < text.length) parts.push(visibleText(text.slice(at)));
  return <>{parts}</>;
}
