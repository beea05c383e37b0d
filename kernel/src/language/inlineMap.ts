const INLINE_MAP = /^\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)$/m;
/** The file that the converter takes every cell for. */
const CONVERTED_CELL = "__tslab__.ts";

/** Text of the source map at the end of a compiled file. */
export function inlineMap(code: string): string {
  return Buffer.from(INLINE_MAP.exec(code)?.[1] ?? "", "base64").toString("utf8");
}

/** The file that was compiled, as its map names it: relative to a folder that is not there. */
export function mappedSource(map: string): string {
  return /"sources":\["([^"]*)"\]/.exec(map)?.[1] ?? "";
}

/** Whether code that the converter made is that of a cell, not of a module that a cell imports. */
export function isCell(code: string): boolean {
  return mappedSource(inlineMap(code)).endsWith(CONVERTED_CELL);
}
