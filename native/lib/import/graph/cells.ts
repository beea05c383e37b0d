/** How a view comes from its base, and how a changed view changes it. */
export interface ViewRule {
  /** Takes the view again from a changed base. */
  derive(base: number): number;
  /** The base's content once the view holds `content`. @throws UnsupportedExportError where that has no rule. */
  write(base: number, content: number): number;
}

/**
 * A tensor of the archive. In its graph tensors change (`add_`) and share memory (views); in ours a value never
 * changes, so a cell says which value the tensor is now. Writing to it gives its base new content, too, and makes
 * all other views of that base stale: they are taken again when they are next read.
 */
export class Cell {
  /** All values the tensor has been. */
  readonly history = new Set<number>();
  #value: number;
  #version = 0;
  /** Set where the tensor was changed in a way nothing here can follow. */
  #lost: Error | null = null;

  constructor(
    value: number,
    private readonly base: Cell | null = null,
    private readonly rule: ViewRule | null = null,
  ) {
    this.#value = value;
    this.history.add(value);
    this.#version = this.#root.#version;
  }

  get #root(): Cell {
    let cell: Cell = this;
    while (cell.base) cell = cell.base;
    return cell;
  }

  /** The value the tensor is now. */
  read(): number {
    const root = this.#root;
    if (root.#lost) throw root.#lost;
    if (this.base && this.rule && this.#version !== root.#version) {
      this.#set(this.rule.derive(this.base.read()), root.#version);
    }
    return this.#value;
  }

  /** The tensor has new content, as an in-place operator gives it. */
  write(content: number): void {
    // From this view to its base; what each was is read before anything is stale.
    const chain: Cell[] = [];
    for (let cell: Cell | null = this; cell; cell = cell.base) chain.push(cell);
    const before = chain.map((cell) => cell.read());
    const root = chain[chain.length - 1];
    root.#version++;
    let current = content;
    chain.forEach((cell, i) => {
      cell.#set(current, root.#version);
      if (cell.rule) current = cell.rule.write(before[i + 1], current);
    });
  }

  #set(value: number, version: number): void {
    this.#value = value;
    this.#version = version;
    this.history.add(value);
  }

  /** From now on reading the tensor, or another view of its memory, throws `error`. */
  lose(error: Error): void {
    this.#root.#lost = error;
  }
}
