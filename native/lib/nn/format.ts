import type { Module } from "./module";

/** Depth of modules that are written out. */
const MAX_DEPTH = 12;

/**
 * A module as PyTorch prints it: its class, its parameters' sizes, its children below it; equal neighbours of a list once, `(0-11): 12 x Block(…)`.
 */
export function formatModule(module: Module, depth = 0): string {
  const sizes = [...module.ownParameters()].map(([name, { shape }]) => `${name}[${shape.join(", ")}]`);
  const children = grouped(
    [...module.namedChildren()].map(([name, child]) => [name, formatModule(child, depth + 1)]),
  );
  const { name } = module.constructor;
  if (children.length === 0 || depth >= MAX_DEPTH) return `${name}(${sizes.join(", ")})`;
  const lines = [...(sizes.length > 0 ? [sizes.join(", ")] : []), ...children];
  return `${name}(\n${lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}`).join("\n")}\n)`;
}

function grouped(children: readonly (readonly [string, string])[]): string[] {
  const groups: { first: string; last: string; count: number; text: string }[] = [];
  for (const [name, text] of children) {
    const group = groups.at(-1);
    if (group?.text === text && /^\d+$/.test(name)) {
      group.last = name;
      group.count++;
    } else groups.push({ first: name, last: name, count: 1, text });
  }
  return groups.map(({ first, last, count, text }) =>
    count === 1 ? `(${first}): ${text}` : `(${first}-${last}): ${count} x ${text}`,
  );
}
