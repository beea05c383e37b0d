import type { TranslationBundle } from "@jupyterlab/translation";
import type * as React from "react";

/** Pixels that an arrow key moves it by. */
const STEP = 24;
const LEAST = 80;
/** What is left for the part above. */
const LEAST_ABOVE = 160;

/** The bar between the tree and the details, to be dragged or moved by arrow keys. */
export function Splitter({
  height,
  onResize,
  trans,
}: {
  /** Of what lies below, in pixels; null until the user has chosen one. */
  height: number | null;
  onResize(height: number): void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const resize = (bar: HTMLElement, wanted: number): void => {
    const whole = bar.parentElement?.clientHeight ?? 0;
    onResize(Math.round(Math.max(LEAST, Math.min(whole - LEAST_ABOVE, wanted))));
  };
  const below = (bar: HTMLElement): number => bar.nextElementSibling?.clientHeight ?? LEAST;
  const onPointerMove = (event: React.PointerEvent<HTMLElement>): void => {
    const bar = event.currentTarget;
    if (!bar.hasPointerCapture(event.pointerId)) return;
    resize(bar, (bar.parentElement?.getBoundingClientRect().bottom ?? 0) - event.clientY);
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    const step = event.key === "ArrowUp" ? STEP : event.key === "ArrowDown" ? -STEP : 0;
    if (step === 0) return;
    resize(event.currentTarget, below(event.currentTarget) + step);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // A separator that can be moved takes the focus and has a value.
    // biome-ignore lint/a11y/useSemanticElements: a rule of a page cannot be moved
    <div
      role="separator"
      className="gp-Splitter"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={trans.__("Height of the details")}
      aria-valuenow={height ?? 0}
      aria-valuemin={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    />
  );
}
