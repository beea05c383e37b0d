/** An element with a class and a text. Text is never read as markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** A button as Lab's own look. */
export function button(label: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", "jp-mod-styled jp-mod-minimal gp-View-button", label);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}
