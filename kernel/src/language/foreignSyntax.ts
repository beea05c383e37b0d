/** What people write who know IPython, at the beginning of a line, and what there is here. */
const HINTS: readonly [RegExp, string][] = [
  [
    /^\s*%{1,2}[a-z]/i,
    "Lines with % are IPython's magics, and this kernel has none. For times there is console.time().",
  ],
  [
    /^\s*!\s*[a-z./]/i,
    'Lines with ! run programs in IPython only. Here: import { execSync } from "node:child_process".',
  ],
  [/^\s*(\?\S|\S+\?\s*$)/, "For help on a name, press Shift-Tab behind it."],
];

/** A hint for a line that does not compile because it is not TypeScript but IPython; undefined for other lines. */
export function hintForIPython(line: string): string | undefined {
  return HINTS.find(([form]) => form.test(line))?.[1];
}
