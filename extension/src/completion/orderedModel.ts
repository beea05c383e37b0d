import { CompleterModel, type CompletionHandler } from "@jupyterlab/completer";

type Items = CompletionHandler.ICompletionItems;

/**
 * Completions in the order in which they came. JupyterLab's own model sorts what is left by how well it matches as soon as something is typed,
 * and then by the alphabet: `add_10` before `add_2`.
 */
export class OrderedModel extends CompleterModel {
  readonly #isOrdered: () => boolean;
  #places = new Map<string, number>();
  #sorted: { from: Items; to: Items } | null = null;

  /** @param isOrdered whether the order they come in means something */
  constructor(isOrdered: () => boolean) {
    super();
    this.#isOrdered = isOrdered;
  }

  override setCompletionItems(items: Items): void {
    this.#places = new Map(items.map(({ insertText, label }, at) => [insertText ?? label, at]));
    super.setCompletionItems(items);
  }

  override completionItems(): Items {
    const items = super.completionItems();
    if (!this.#isOrdered() || this.query === "") return items;
    // The list asks again and again; what it asked for stays the same list until something changes.
    if (this.#sorted?.from !== items) {
      const place = ({ insertText, label }: Items[number]) =>
        this.#places.get(insertText ?? label) ?? this.#places.size;
      this.#sorted = { from: items, to: [...items].sort((a, b) => place(a) - place(b)) };
    }
    return this.#sorted.to;
  }
}
