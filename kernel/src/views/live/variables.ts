const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** An expression for `value` over the notebook's variables: one of them, or a property or element of one; null for none. */
export function variableOf(value: object, locals: Readonly<Record<string, unknown>>): string | null {
  const entries = Object.entries(locals).filter(([name]) => IDENTIFIER.test(name));
  // The last one declared is the one the reader has before their eyes.
  const own = entries.findLast(([, candidate]) => candidate === value);
  if (own) return own[0];
  for (const [name, candidate] of entries.toReversed()) {
    const key = keyOf(value, candidate);
    if (key !== null) return `${name}${key}`;
  }
  return null;
}

/** How `value` is reached from a list or a plain object; null where it is not in there. */
function keyOf(value: object, container: unknown): string | null {
  if (Array.isArray(container)) {
    const at = container.indexOf(value);
    return at < 0 ? null : `[${at}]`;
  }
  if (typeof container !== "object" || container === null) return null;
  // Plain objects only, of any realm: reading properties of others may run code.
  const prototype: unknown = Object.getPrototypeOf(container);
  if (prototype === null || Object.getPrototypeOf(prototype) !== null) return null;
  const found = Object.entries(container).find(([, candidate]) => candidate === value);
  if (!found) return null;
  return IDENTIFIER.test(found[0]) ? `.${found[0]}` : `[${JSON.stringify(found[0])}]`;
}
