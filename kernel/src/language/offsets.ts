/** Positions in messages count Unicode code points; positions in JavaScript strings count UTF-16 units. */

/** UTF-16 index of the code point at `position`, kept within the text. */
export function toUtf16(text: string, position: number): number {
  let index = 0;
  for (let left = position; left > 0 && index < text.length; left--) {
    index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1;
  }
  return index;
}

/** How many code points stand before the UTF-16 `index`. */
export function toCodePoints(text: string, index: number): number {
  let count = 0;
  for (let at = 0; at < index && at < text.length; count++)
    at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  return count;
}
