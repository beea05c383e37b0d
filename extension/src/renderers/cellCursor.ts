import type { TranslationBundle } from "@jupyterlab/translation";
import type { IDisposable } from "@lumino/disposable";
import type { Frame, MapPlace } from "./drawing";
import type { Hover } from "./picture";

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
};

export interface CursorHost {
  /** The heat maps that can be walked through; none makes the picture no stop of the Tab key. */
  maps(): readonly MapPlace[];
  onMove(hover: Hover | null): void;
  onSelect(hover: Hover): void;
}

/** Lets the arrow keys do in a picture what the pointer does: go from cell to cell, read each out, choose one with Enter. */
export class CellCursor implements IDisposable {
  constructor(
    private readonly host: HTMLElement,
    trans: TranslationBundle,
    private readonly owner: CursorHost,
  ) {
    this.label = trans.__("Cells of the picture. Arrow keys go from cell to cell, M to the next map.");
    host.addEventListener("keydown", this.onKey);
    host.addEventListener("blur", this.onBlur);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The cell it is on, as a frame. */
  get frames(): readonly Frame[] {
    const map = this.place && this.owner.maps()[this.place.map];
    if (!this.place || !map) return [];
    const { row, column } = this.place;
    return [{ map, rows: [row, row], columns: [column, column] }];
  }

  /** To be called after each drawing. */
  refresh(): void {
    const hasCells = this.owner.maps().length > 0;
    if (!hasCells) return;
    this.host.tabIndex = 0;
    this.host.setAttribute("role", "group");
    this.host.setAttribute("aria-label", this.label);
  }

  dispose(): void {
    this._isDisposed = true;
    this.host.removeEventListener("keydown", this.onKey);
    this.host.removeEventListener("blur", this.onBlur);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    // Plotly's own buttons keep their keys.
    if (event.target !== this.host || event.ctrlKey || event.metaKey || event.altKey) return;
    const maps = this.owner.maps();
    if (maps.length === 0) return;
    const step = Object.hasOwn(STEPS, event.key) ? STEPS[event.key] : null;
    if (event.key === "Enter" || event.key === " ") {
      const hover = this.hover();
      if (hover) this.owner.onSelect(hover);
    } else if (event.key === "Escape") this.leave();
    else if (event.key === "m" || event.key === "M") this.go((this.place?.map ?? -1) + 1, 0, 0);
    else if (event.key === "Home") this.go(this.place?.map ?? 0, this.place?.row ?? 0, 0);
    else if (event.key === "End")
      this.go(this.place?.map ?? 0, this.place?.row ?? 0, Number.MAX_SAFE_INTEGER);
    else if (step && this.place) {
      this.go(this.place.map, this.place.row + step[0], this.place.column + step[1]);
    } else if (step) this.go(0, 0, 0);
    else return;
    // The notebook would take them for itself.
    event.preventDefault();
    event.stopPropagation();
  };

  private readonly onBlur = (): void => this.leave();

  private go(map: number, row: number, column: number): void {
    const maps = this.owner.maps();
    const at = map % maps.length;
    const { rows, columns } = maps[at];
    this.place = {
      map: at,
      row: Math.min(rows - 1, Math.max(0, row)),
      column: Math.min(columns - 1, Math.max(0, column)),
    };
    this.owner.onMove(this.hover());
  }

  private leave(): void {
    if (!this.place) return;
    this.place = null;
    this.owner.onMove(null);
  }

  /** The cell as if the pointer were on it, near the top left of the picture. */
  private hover(): Hover | null {
    if (!this.place) return null;
    const map = this.owner.maps()[this.place.map];
    if (!map) return null;
    const box = this.host.getBoundingClientRect();
    return {
      place: { trace: map.trace, row: this.place.row, column: this.place.column },
      clientX: box.left + 8,
      clientY: box.bottom - 8,
    };
  }

  private readonly label: string;
  private place: { map: number; row: number; column: number } | null = null;
  private _isDisposed = false;
}
