import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { IDisposable } from "@lumino/disposable";
import type { AnyView, Highlight } from "../tokens";
import type { Figure, Theme } from "./drawing";
import type { ViewScope } from "./live/scope";

/** One bundle, read and checked. */
export interface ViewContent {
  readonly view: AnyView;
  readonly figure: Figure;
  /** The other forms in the same bundle. Untrusted. */
  readonly data: IRenderMime.IMimeModel["data"];
}

/** Where a readout stands: in the window. */
export interface Anchor {
  readonly clientX: number;
  readonly clientY: number;
}

/** What the frame around a body does for it. */
export interface ViewTools {
  readonly trans: TranslationBundle;
  /** The notebook of the view; null outside of one. */
  readonly scope: ViewScope | null;
  /**
   * Lines below the picture, as plain text.
   * @param isStored whether the picture is what the notebook stores, so that what the kernel says of that holds
   */
  setNotes(lines: readonly string[], isStored?: boolean): void;
  /** Lines beside the pointer, as plain text; none to hide them. */
  readout(lines: readonly string[], at: Anchor | null): void;
  /** Points other views of the notebook at the same thing. */
  point(highlight: Highlight | null): void;
  /** Offers code, once it is there, with a title: to copy, or to insert below. */
  offerCode(title: string, code: Promise<string>): void;
  /** Shows a node in the node browser. */
  reveal(node: string): void;
}

/** What a view shows between its caption and its notes. */
export interface ViewBody extends IDisposable {
  readonly node: HTMLElement;
  /** Draws at the width of the page, or draws again after that or the theme has changed. */
  draw(width: number, theme: Theme): Promise<void> | void;
  /** Takes a new bundle of the same kind in place. */
  update(content: ViewContent): void;
  /** Shows what another view or the browser points at. */
  highlight(highlight: Highlight | null): void;
}
