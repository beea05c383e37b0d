import { randomUUID } from "node:crypto";
import type { Outputs } from "../cells/outputs";
import { bundleOf, type Displayer, type MimeBundle, rawData } from "./mimeBundle";

export interface DisplayOptions {
  /** Name under which the output can be replaced later. */
  id?: string;
  /** Replace what was shown under `id` instead of adding an output. */
  update?: boolean;
  /** `value` is a MIME bundle already (`{ "text/html": "…" }`). */
  raw?: boolean;
}

/** An output that can be replaced. */
export interface DisplayHandle {
  readonly id: string;
  update(value: unknown): void;
}

/** tslab's ways of showing one kind of content. */
export interface DisplayMethods {
  javascript(source: string): void;
  html(source: string): void;
  markdown(source: string): void;
  latex(source: string): void;
  svg(source: string): void;
  png(bytes: Uint8Array): void;
  jpeg(bytes: Uint8Array): void;
  gif(bytes: Uint8Array): void;
  pdf(bytes: Uint8Array): void;
  text(text: string): void;
  raw(type: string, content: string | Uint8Array): void;
}

/** `display(value)` shows a value and returns a handle to replace it; `display.html(…)` and the like show content as it is. */
export interface Display extends DisplayMethods {
  (value: unknown, options?: DisplayOptions): DisplayHandle;
}

const METHOD_TYPES = {
  javascript: "text/javascript",
  html: "text/html",
  markdown: "text/markdown",
  latex: "text/latex",
  svg: "image/svg+xml",
  png: "image/png",
  jpeg: "image/jpeg",
  gif: "image/gif",
  pdf: "application/pdf",
  text: "text/plain",
} as const;

/** Makes the display functions of one kernel. */
export class Displays {
  readonly #outputs: Outputs;
  readonly #displayers: readonly Displayer[];

  constructor(outputs: Outputs, displayers: readonly Displayer[]) {
    this.#outputs = outputs;
    this.#displayers = displayers;
  }

  bundleOf(value: unknown): MimeBundle | Promise<MimeBundle> {
    return bundleOf(value, this.#displayers);
  }

  /** The global `display`. */
  makeDisplay(): Display {
    const display = (value: unknown, options: DisplayOptions = {}): DisplayHandle => {
      const id = options.id ?? randomUUID();
      this.#show(value, id, options.update ?? false, options.raw ?? false);
      return { id, update: (next) => this.#show(next, id, true, options.raw ?? false) };
    };
    return Object.assign(
      display,
      this.#methods((bundle) => this.#outputs.display(bundle, null)),
    );
  }

  /** tslab's `newDisplay`: each call of a method replaces what the one before showed. */
  newDisplay(): DisplayMethods {
    const id = randomUUID();
    let shown = false;
    return this.#methods((bundle) => {
      this.#outputs.display(bundle, id, shown);
      shown = true;
    });
  }

  #methods(show: (bundle: MimeBundle) => void): DisplayMethods {
    const raw = (type: string, content: string | Uint8Array): void =>
      show({ data: rawData({ [type]: content }), metadata: {} });
    const methods = Object.entries(METHOD_TYPES).map(([name, type]) => [
      name,
      (content: string | Uint8Array) => raw(type, content),
    ]);
    return { ...(Object.fromEntries(methods) as Omit<DisplayMethods, "raw">), raw };
  }

  #show(value: unknown, id: string, update: boolean, raw: boolean): void {
    const bundle = raw ? { data: rawData(value as object), metadata: {} } : this.bundleOf(value);
    if (bundle instanceof Promise) void bundle.then((ready) => this.#outputs.display(ready, id, update));
    else this.#outputs.display(bundle, id, update);
  }
}
