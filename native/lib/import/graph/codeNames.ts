/**
 * What a line of Python says about names: an archive knows the values that a module receives and returns, not what its
 * forward calls them; the lines that used them mostly do.
 */

const KEYWORDS: ReadonlySet<string> = new Set(
  "and as assert async await def del elif else for from if import in is lambda not or pass raise return while with yield None True False self cls torch nn F math np numpy functional".split(
    " ",
  ),
);

/** The line without strings and comments, and the part after its assignment. */
function rightSide(code: string): string {
  const bare = code.replace(/[rbfu]*("[^"]*"|'[^']*')/g, '""').replace(/#.*$/, "");
  const assignment = /^[^=()]*?(?:\([^=]*\))?[^=()]*?(?<![=!<>])=(?!=)/.exec(bare);
  return (assignment ? bare.slice(assignment[0].length) : bare).replace(/^\s*def [^:]*:/, "");
}

/**
 * Variables that a line reads, in order, each once: not functions, attributes, modules or keywords' names.
 */
export function variablesOf(code: string): string[] {
  const right = rightSide(code);
  const found = new Set<string>();
  for (const match of right.matchAll(/(?<![\w.])([A-Za-z_]\w*)(\s*\()?(\s*=(?!=))?/g)) {
    const [, name, call, keyword] = match;
    if (!call && !keyword && !KEYWORDS.has(name)) found.add(name);
  }
  return [...found];
}

/** One target of an assignment, and the targets it is unpacked into. */
export type Target = string | Target[];

/**
 * What a line assigns the result of a call of `attribute` to: `a, (b, c) = self.rnn(x)` gives `["a", ["b", "c"]]`, one
 * plain name gives it. Null where the line is no such assignment, or goes on with the result (`self.rnn(x)[0]`).
 * @param attribute null for a call of a plain variable (`for layer in self.layers: a, b = layer(x)`)
 */
export function targetsOf(line: string, attribute: string | null): Target | null {
  const code = line.replace(/^def [^:]*:\s*/, "");
  const match = /^([\w\s,()*.[\]'":|]+?)=(?!=)\s*([\w.[\]]+)\s*\(/.exec(code);
  if (!match) return null;
  const callee = match[2].replace(/\[[^\]]*\]$/, "");
  const isIt = attribute === null ? /^\w+$/.test(callee) : callee.split(".").at(-1) === attribute;
  if (!isIt) return null;
  let depth = 1;
  let end = match[0].length;
  for (; end < code.length && depth > 0; end++) {
    if ("([{".includes(code[end])) depth++;
    else if (")]}".includes(code[end])) depth--;
  }
  // A call that goes on in the next line is taken to be the whole of it.
  if (depth === 0 && code.slice(end).trim() !== "") return null;
  const left = match[1].replace(/:.*$/, "").trim();
  return readTargets(left);
}

/** The variable that a line assigns, if it is a single one. */
export function assignedVariable(code: string): string | null {
  return /^([A-Za-z_]\w*)\s*(?::[^=]*)?=(?!=)/.exec(code)?.[1] ?? null;
}

function readTargets(text: string): Target {
  const parts: Target[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === "(" || text[i] === "[") depth++;
    if (text[i] === ")" || text[i] === "]") depth--;
    if (i < text.length && (text[i] !== "," || depth > 0)) continue;
    const part = text.slice(start, i).trim();
    start = i + 1;
    if (part === "") continue;
    parts.push(/^\(.*\)$/.test(part) ? readTargets(part.slice(1, -1)) : part);
  }
  return parts.length === 1 && !text.includes(",") ? parts[0] : parts;
}

/** A variable that a part of a result is assigned to: `sub_1.sub_0`, or "" for the whole. */
export interface PlacedTarget {
  name: string;
  path: string;
}

/** The targets that are used (`_` is not), in order. */
export function placedTargets(target: Target, path = ""): PlacedTarget[] {
  if (typeof target === "string") return target === "_" ? [] : [{ name: target, path }];
  return target.flatMap((part, i) => placedTargets(part, path === "" ? `sub_${i}` : `${path}.sub_${i}`));
}
