import type { TranslationBundle } from "@jupyterlab/translation";
import { visibleText } from "../../text";
import { colorsOf, sequentialScale } from "../colors";
import type { Theme } from "../drawing";
import { element } from "../elements";
import type { Head } from "./heads";

/** All heads as small pictures: buttons, of which the one that is shown large is pressed. */
export class Thumbnails {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly onChoice: (at: number) => void,
  ) {
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", trans.__("Attention heads"));
  }

  readonly node = element("div", "gp-View-heads");

  draw(heads: readonly Head[], limit: number, chosen: number, theme: Theme): void {
    if (heads.length !== this.buttons.length) this.build(heads);
    const color = colorsOf(sequentialScale(theme));
    heads.forEach((head, at) => {
      const own = this.buttons[at];
      own.button.setAttribute("aria-pressed", String(at === chosen));
      own.button.setAttribute("aria-label", this.trans.__("Show %1 large", visibleText(head.title)));
      own.label.textContent = visibleText(head.title.replace(/^head /, ""));
      paint(own.canvas, head.rows, limit, color);
    });
  }

  private build(heads: readonly Head[]): void {
    this.buttons = heads.map((_, at) => {
      const button = element("button", "gp-View-head");
      button.type = "button";
      button.addEventListener("click", () => this.onChoice(at));
      const canvas = element("canvas");
      const label = element("span");
      button.append(canvas, label);
      return { button, canvas, label };
    });
    this.node.replaceChildren(...this.buttons.map(({ button }) => button));
  }

  private buttons: { button: HTMLButtonElement; canvas: HTMLCanvasElement; label: HTMLElement }[] = [];
}

function paint(
  canvas: HTMLCanvasElement,
  rows: Head["rows"],
  limit: number,
  color: (at: number) => readonly [number, number, number],
): void {
  const [height, width] = [rows.length, rows[0].length];
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  rows.forEach((row, y) => {
    for (let x = 0; x < width; x++) {
      const value = row[x];
      const [red, green, blue] = Number.isFinite(value) ? color(value / limit) : MISSING;
      image.data.set([red, green, blue, 255], 4 * (y * width + x));
    }
  });
  context.putImageData(image, 0, 0);
}

/** The colour of what is no number. */
const MISSING = [128, 128, 128] as const;
