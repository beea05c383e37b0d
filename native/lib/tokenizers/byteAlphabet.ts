/** The character that stands for each byte in a byte-level vocabulary (`bytes_to_unicode` of OpenAI's GPT-2). */
const CHARACTER_OF_BYTE: readonly string[] = makeAlphabet();
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  CHARACTER_OF_BYTE.map((char, byte) => [char, byte]),
);

function makeAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** Text as a byte-level vocabulary spells it: `" Paris"` → `"ĠParis"`. */
export function toByteLevel(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => CHARACTER_OF_BYTE[byte]).join("");
}

/**
 * What a byte-level piece stands for: `"ĠParis"` → `" Paris"`. Bytes that are only a part of a character are shown as
 * `<0xE2>`; a piece that is not spelt in the alphabet is returned as it is.
 */
export function fromByteLevel(piece: string): string {
  const bytes: number[] = [];
  for (const character of piece) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) return piece;
    bytes.push(byte);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return bytes.map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`).join("");
  }
}
