import type { Theme } from "./drawing";

/** Reads the colours of the page as they are now. */
export function readTheme(): Theme {
  const css = getComputedStyle(document.body);
  const read = (name: string, fallback: string): string => css.getPropertyValue(name).trim() || fallback;
  return {
    isDark: document.body.dataset.jpThemeLight === "false",
    font: read("--jp-ui-font-family", "sans-serif"),
    text: read("--jp-ui-font-color1", "#222"),
    mutedText: read("--jp-ui-font-color2", "#555"),
    grid: read("--jp-border-color2", "#ddd"),
    background: read("--jp-layout-color0", "#fff"),
    accent: read("--jp-warn-color0", "#e65100"),
    lines: [
      read("--jp-brand-color1", "#1976d2"),
      read("--jp-warn-color1", "#f57c00"),
      read("--jp-success-color1", "#388e3c"),
      read("--jp-accent-color1", "#7b1fa2"),
      read("--jp-error-color1", "#d32f2f"),
    ],
  };
}
