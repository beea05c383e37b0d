/**
 * Names of a function's parameters as written in its source: `forward(hidden_states, attention_mask = null)` gives
 * `["hidden_states", "attention_mask"]`; a destructured parameter gives null in its place.
 */
export function parameterNames(fn: (...args: never[]) => unknown): (string | null)[] {
  const source = Function.prototype.toString.call(fn).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  const open = source.indexOf("(");
  const names: (string | null)[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; i < source.length; i++) {
    const char = source[i];
    if ("([{".includes(char)) depth++;
    else if (")]}".includes(char)) depth--;
    const ends = depth === 0;
    if (ends || (depth === 1 && char === ",")) {
      const parameter = source.slice(start, i).trim();
      if (parameter !== "") names.push(/^(?:\.\.\.)?([A-Za-z_$][\w$]*)/.exec(parameter)?.[1] ?? null);
      start = i + 1;
    }
    if (ends) break;
  }
  return names;
}
