import { loadNative, type Native } from "./native";

/**
 * The library that cells work with, loaded when something first needs it: a kernel in which nothing has used it yet holds no libtorch,
 * which is a third of its memory.
 */
export class Library {
  readonly #ahead: () => void;
  readonly #shield: <T>(work: () => T) => T;
  readonly #names: readonly string[];
  readonly #mentioned: RegExp;
  readonly #listeners: ((native: Native) => void)[] = [];
  #loaded: Native | null = null;
  #isExpected = false;

  /**
   * @param names of its values
   * @param ahead begins to load what takes longest, on another thread
   * @param shield runs what an interrupt must not stop half-way
   */
  constructor(names: readonly string[], ahead: () => void, shield: <T>(work: () => T) => T) {
    this.#names = names;
    this.#ahead = ahead;
    this.#shield = shield;
    this.#mentioned = new RegExp(`(?<![\\w$.])(?:${names.join("|")})(?![\\w$])`);
  }

  /** Null before anything needed it: then there are no objects of it. */
  readonly loaded = (): Native | null => this.#loaded;

  /** The library, loaded now if it is not yet. */
  readonly get = (): Native => {
    if (this.#loaded) return this.#loaded;
    return this.#shield(() => {
      const native = loadNative();
      this.#loaded = native;
      for (const listener of this.#listeners) listener(native);
      return native;
    });
  };

  /** Calls back as soon as it is loaded. */
  whenLoaded(listener: (native: Native) => void): void {
    if (this.#loaded) listener(this.#loaded);
    else this.#listeners.push(listener);
  }

  /** Loads it ahead if code of a request names something of it. */
  expect(code: unknown): void {
    if (this.#isExpected || typeof code !== "string" || !this.#mentioned.test(code)) return;
    this.#isExpected = true;
    this.#ahead();
  }

  /** Makes its values globals: the first that is used loads it. */
  makeGlobal(): void {
    const put = (name: string, value: unknown) =>
      Object.defineProperty(globalThis, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    const waiting = new Set(this.#names);
    for (const name of this.#names) {
      Object.defineProperty(globalThis, name, {
        get: () => this.get()[name as keyof Native],
        set: (value: unknown) => {
          waiting.delete(name);
          put(name, value);
        },
        enumerable: true,
        configurable: true,
      });
    }
    this.whenLoaded((native) => {
      for (const name of waiting) put(name, native[name as keyof Native]);
    });
  }
}
