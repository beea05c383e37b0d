import type { TranslationBundle } from "@jupyterlab/translation";
import { colorsOf, sequentialScale } from "../colors";
import type { Theme } from "../drawing";
import { element } from "../elements";
import { formatValue } from "../numbers";
import type { Head, Heads } from "./heads";

/** Longer texts are told by the picture alone. */
const MOST_TOKENS = 256;
const DARKEST_BEHIND_INK = 0.55;

/** Whether the colours say what the token reads from, or who reads it. */
export type Direction = "from" | "to";

/** The text, its tokens coloured by the attention from or to the one that is pointed at. */
export class TokenText {
  constructor(
    trans: TranslationBundle,
    private readonly onPoint: (token: number | null) => void,
  ) {
    this.choice.setAttribute("role", "radiogroup");
    this.choice.setAttribute("aria-label", trans.__("Colour tokens by"));
    const name = `gp-direction-${counter++}`;
    for (const [value, label] of [
      ["from", trans.__("what the token attends to")],
      ["to", trans.__("what attends to the token")],
    ] as const) {
      const radio = element("input");
      radio.type = "radio";
      radio.name = name;
      radio.checked = value === this.direction;
      radio.addEventListener("change", () => {
        this.direction = value;
        this.color();
      });
      const wrapped = element("label", "gp-View-control");
      wrapped.append(radio, label);
      this.choice.append(wrapped);
    }
    this.node.append(this.text, this.choice);
    this.text.addEventListener("pointerleave", () => this.point(null));
  }

  readonly node = element("div", "gp-View-tokens");

  /** Shows the tokens; hidden where there are none, or too many. */
  show(heads: Heads, head: Head, theme: Theme): void {
    const { queries, keys } = heads;
    this.state = { heads, head, theme };
    const isText =
      queries.perCell === 1 &&
      keys.perCell === 1 &&
      queries.length === keys.length &&
      queries.length <= MOST_TOKENS;
    this.node.hidden = !isText || queries.name(0) === null;
    if (this.node.hidden) return;
    const labels = Array.from({ length: queries.length }, (_, at) => queries.name(at) ?? "");
    if (String(labels) !== this.labels) {
      this.labels = String(labels);
      this.pinned = null;
      this.tokens = labels.map((label, at) => this.token(label, at));
      this.text.replaceChildren(...this.tokens);
    }
    this.color();
  }

  /** Colours by a token that is pointed at elsewhere. */
  highlight(token: number | null): void {
    this.pointed = token;
    this.color();
  }

  private token(label: string, at: number): HTMLButtonElement {
    const made = element("button", "gp-View-token", label);
    made.type = "button";
    made.addEventListener("pointerenter", () => this.point(at));
    made.addEventListener("focus", () => this.point(at));
    made.addEventListener("blur", () => this.point(null));
    made.addEventListener("click", () => {
      this.pinned = this.pinned === at ? null : at;
      this.color();
    });
    return made;
  }

  private point(token: number | null): void {
    this.pointed = token;
    this.color();
    this.onPoint(token);
  }

  private color(): void {
    const { state } = this;
    if (!state || this.node.hidden) return;
    const { heads, head, theme } = state;
    const chosen = this.pointed ?? this.pinned;
    const color = colorsOf(sequentialScale(theme));
    this.tokens.forEach((token, at) => {
      const isChosen = at === chosen;
      token.setAttribute("aria-pressed", String(at === this.pinned));
      token.classList.toggle("gp-mod-chosen", isChosen);
      const value = chosen === null ? undefined : this.value(head, chosen, at);
      if (value === undefined || !Number.isFinite(value)) {
        token.removeAttribute("style");
        token.title = "";
        return;
      }
      const share = Math.min(1, Math.max(0, value / heads.limit));
      token.style.background = `rgb(${color(share).join(" ")})`;
      token.style.color = share > DARKEST_BEHIND_INK !== theme.isDark ? "#fff" : "#111";
      token.title = formatValue(value);
    });
  }

  private value(head: Head, chosen: number, at: number): number | undefined {
    return this.direction === "from" ? head.rows[chosen]?.[at] : head.rows[at]?.[chosen];
  }

  private readonly text = element("div", "gp-View-text gp-View-tokenText");
  private readonly choice = element("div", "gp-View-controls");
  private direction: Direction = "from";
  private tokens: HTMLButtonElement[] = [];
  private labels = "";
  private pointed: number | null = null;
  private pinned: number | null = null;
  private state: { heads: Heads; head: Head; theme: Theme } | null = null;
}

/** Radio buttons belong together by name. */
let counter = 0;
