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

/** A button as Lab's own look, or of a class of its own. */
export function button(
  label: string,
  onClick: () => void,
  className = "jp-mod-styled jp-mod-minimal gp-View-button",
): HTMLButtonElement {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}
