const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** A variable, a property of it, a property of that: `trace.grids.mlp`. */
const DEEPEST = 2;
const MOST_PROPERTIES = 100;

/** An expression for `value` over the notebook's variables: one of them, or what is reached from one; null for none. */
export function variableOf(value: object, locals: Readonly<Record<string, unknown>>): string | null {
  // The last one declared is the one the reader has before their eyes.
  const entries = Object.entries(locals)
    .filter(([name]) => IDENTIFIER.test(name))
    .toReversed();
  for (let depth = 0; depth <= DEEPEST; depth++) {
    for (const [name, candidate] of entries) {
      const path = pathTo(value, candidate, depth);
      if (path !== null) return `${name}${path}`;
    }
  }
  return null;
}

/** How `value` is reached from `container` in `depth` steps; null where it is not there. */
function pathTo(value: object, container: unknown, depth: number): string | null {
  if (depth === 0) return container === value ? "" : null;
  if (typeof container !== "object" || container === null || ArrayBuffer.isView(container)) return null;
  for (const [key, step] of propertiesOf(container)) {
    const rest = pathTo(value, step, depth - 1);
    if (rest === null) continue;
    if (Array.isArray(container)) return `[${key}]${rest}`;
    return IDENTIFIER.test(key) ? `.${key}${rest}` : `[${JSON.stringify(key)}]${rest}`;
  }
  return null;
}

/** Values of an object's own properties, without running code of theirs. */
function propertiesOf(container: object): [string, unknown][] {
  return Object.keys(container)
    .slice(0, MOST_PROPERTIES)
    .flatMap((key): [string, unknown][] => {
      const property = Object.getOwnPropertyDescriptor(container, key);
      return property && "value" in property ? [[key, property.value]] : [];
    });
}
