import type { ModuleExports } from "./moduleExports";

/** A global of the kernel itself: its type, as an expression over the kernel's own declaration files. */
export interface OwnGlobal {
  name: string;
  type: string;
  /** What inspection says of it. */
  docs?: string;
}

/**
 * `declare global { … }` for every export of a module and for the kernel's own globals, so that completion and type checks know them from
 * the first cell on.
 * @param module absolute path of the module, as an import specifier
 */
export function globalDeclarations(
  module: string,
  exports: ModuleExports,
  own: readonly OwnGlobal[],
): string {
  const lines = own.map(
    ({ name, type, docs }) => `${docs === undefined ? "" : `/** ${docs} */\n`}const ${name}: ${type};`,
  );
  lines.push(...memberDeclarations(`import(${JSON.stringify(module)})`, exports));
  return `declare global {\n${lines.join("\n")}\n}\n`;
}

function memberDeclarations(container: string, exports: ModuleExports): string[] {
  const lines: string[] = [];
  for (const [name, { value, typeParameters, namespace, docs }] of exports) {
    const member = `${container}.${name}`;
    if (namespace) {
      lines.push(`namespace ${name} {`, ...memberDeclarations(member, namespace), "}");
      continue;
    }
    if (docs !== "") lines.push(docs);
    if (value) lines.push(`const ${name}: typeof ${member};`);
    if (typeParameters !== null) {
      lines.push(`type ${name}${typeParameters} = ${member}${argumentsOf(typeParameters)};`);
    }
  }
  return lines;
}

/** `<T extends string = string, U>` → `<T, U>`. */
function argumentsOf(parameters: string): string {
  if (parameters === "") return "";
  const names: string[] = [];
  let depth = 0;
  let atName = true;
  for (const token of parameters.slice(1, -1).match(/=>|[\w$]+|[^\s]/g) ?? []) {
    if ("<({[".includes(token)) depth++;
    else if (">)}]".includes(token)) depth--;
    else if (token === "," && depth === 0) atName = true;
    else if (atName && token !== "const" && token !== "in" && token !== "out") {
      names.push(token);
      atName = false;
    }
  }
  return `<${names.join(", ")}>`;
}
