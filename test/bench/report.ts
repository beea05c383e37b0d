/** One line of a table of figures: what was measured, and what it is held against. */
export interface Figure {
  name: string;
  measured: string;
  /** What issue or design ask for; "" for nothing. */
  asked?: string;
}

export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
export const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
export const ratio = (value: number): string => `${value.toFixed(2)} ×`;

/** Rows with aligned columns. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  console.log(`\n${title}`);
  for (const row of rows) {
    console.log(
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i] + 2))).join("")}`,
    );
  }
}

export function printFigures(title: string, figures: readonly Figure[]): void {
  printTable(title, [
    ["", "measured", "asked"],
    ...figures.map(({ name, measured, asked }) => [name, measured, asked ?? ""]),
  ]);
}
