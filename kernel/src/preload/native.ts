/** The library that cells work with. */
export type Native = typeof import("@graphpatch/native");

/** The module that loads the addon, and libtorch with it. */
export const ADDON = "@graphpatch/native/dist/binding";

/** The part of the library that cancels what it does, which loads neither the rest nor libtorch. */
export function loadCancellation(): Pick<Native, "withSignal"> {
  return require("@graphpatch/native/dist/cancellation") as Pick<Native, "withSignal">;
}

/** Loads the library (and libtorch with it, which takes a moment). Interrupts end the waits for its operators. */
export function loadNative(): Native {
  // By its file: by its name the request would come back here (see moduleRedirects).
  const native = require(require.resolve("@graphpatch/native")) as Native;
  leavableCalls(require.resolve(ADDON)).setLeavable(true);
  return native;
}

/** The addon's side of an interrupt. */
interface LeavableCalls {
  setLeavable(on: boolean): void;
  leaveCalls(): void;
}

/** @param addon path of {@link ADDON} */
export function leavableCalls(addon: string): LeavableCalls {
  return (require(addon) as { binding: LeavableCalls }).binding;
}
