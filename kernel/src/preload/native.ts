/** The library that cells work with. */
export type Native = typeof import("@graphpatch/native");

/** The module that loads the addon, and libtorch with it. */
export const ADDON = "@graphpatch/native/dist/binding";

/** Loads the library (and libtorch with it, which takes a moment). */
export function loadNative(): Native {
  // By its file: by its name the request would come back here (see moduleRedirects).
  return require(require.resolve("@graphpatch/native")) as Native;
}
