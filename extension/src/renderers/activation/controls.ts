import type { TranslationBundle } from "@jupyterlab/translation";
import { visibleText } from "../../text";
import type { AnyView } from "../../tokens";
import { button, element } from "../elements";
import type { Choice } from "../live/closeLook";
import { indexLabel } from "../planeData";

/** Chooses rows, columns, and the index of each other dimension. Knows nothing of values. */
export class PlaneControls {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly onChoice: (choice: Choice) => void,
    onWhole: () => void,
  ) {
    this.whole = button(trans.__("Show the whole"), onWhole);
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", trans.__("What of the tensor is shown"));
  }

  readonly node = element("div", "gp-View-controls");

  /** Shows a choice. Controls stay the same elements while the tensor's dimensions do, so that none loses the focus. */
  show(view: AnyView, choice: Choice, isZoomed: boolean): void {
    this.choice = choice;
    const key = JSON.stringify([view.shape, view.dims, choice.row, choice.column]);
    if (key !== this.key) this.build(view, choice);
    this.key = key;
    for (const { dim, input, output } of this.sliders) {
      input.value = String(choice.index[dim]);
      const text = indexLabel(view, dim, choice.index[dim]);
      output.textContent = `${text} / ${view.shape[dim] - 1}`;
      input.setAttribute("aria-valuetext", text);
    }
    this.whole.hidden = !isZoomed;
    this.node.hidden = this.sliders.length === 0 && !this.hasSides && !isZoomed;
  }

  private build(view: AnyView, choice: Choice): void {
    const { trans } = this;
    const dims = view.shape.map((size, dim) => ({ dim, size }));
    const drawable = dims.filter(({ size }) => size > 1);
    this.hasSides = choice.row !== null && choice.column !== null && drawable.length > 1;
    const sides = this.hasSides
      ? [this.side(view, trans.__("Rows"), "row"), this.side(view, trans.__("Columns"), "column")]
      : [];
    this.sliders = dims
      .filter(({ dim, size }) => dim !== choice.row && dim !== choice.column && size > 1)
      .map(({ dim }) => this.slider(view, dim));
    this.node.replaceChildren(...sides, ...this.sliders.map(({ label }) => label), this.whole);
  }

  private side(view: AnyView, title: string, side: "row" | "column"): HTMLElement {
    const label = element("label", "gp-View-control", `${title} `);
    const select = element("select");
    view.shape.forEach((size, dim) => {
      if (size < 2 && dim !== this.choice[side]) return;
      const option = element("option", "", visibleText(view.dims[dim] || `dim_${dim}`));
      option.value = String(dim);
      option.selected = dim === this.choice[side];
      select.append(option);
    });
    select.addEventListener("change", () => this.chooseSide(side, Number(select.value)));
    label.append(select);
    return label;
  }

  /** Takes a dimension for one side; the other side gets the one it had, where they would be the same. */
  private chooseSide(side: "row" | "column", dim: number): void {
    const other = side === "row" ? "column" : "row";
    const before = this.choice[side];
    const next = { ...this.choice, [side]: dim };
    if (next[other] === dim) next[other] = before;
    const index = this.choice.index.map((at, i) => (i === next.row || i === next.column ? 0 : at));
    this.onChoice({ ...next, index });
  }

  private slider(view: AnyView, dim: number) {
    const label = element("label", "gp-View-control", `${visibleText(view.dims[dim] || `dim_${dim}`)} `);
    const input = element("input");
    input.type = "range";
    input.min = "0";
    input.max = String(view.shape[dim] - 1);
    input.addEventListener("input", () => {
      const index = this.choice.index.map((at, i) => (i === dim ? Number(input.value) : at));
      this.onChoice({ ...this.choice, index });
    });
    const output = element("span", "gp-View-sliderValue");
    label.append(input, output);
    return { dim, label, input, output };
  }

  private readonly whole: HTMLButtonElement;
  private sliders: { dim: number; label: HTMLElement; input: HTMLInputElement; output: HTMLElement }[] = [];
  private choice: Choice = { row: null, column: null, index: [] };
  private hasSides = false;
  private key = "";
}
