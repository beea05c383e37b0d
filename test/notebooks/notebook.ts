import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { createContext } from "../../scripts/setup/context.mjs";

const { root, python } = createContext();
/** A notebook's time on a machine that runs other tests as well. */
const EXECUTION_MS = 900_000;
export const viewMime = "application/vnd.graphpatch.view.v1+json";
export const notebooksFolder = join(root, "notebooks");
const artifacts = join(root, "test", "artifacts", "notebooks");

/** One output of a cell, as nbformat 4 has it. */
export interface Output {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  name?: string;
  text?: string | string[];
  data?: Record<string, string | string[] | object>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

export interface Cell {
  id: string;
  cell_type: "code" | "markdown" | "raw";
  source: string | string[];
  outputs?: Output[];
}

export interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: { kernelspec?: { name: string } };
  cells: Cell[];
}

export function readNotebook(file: string): Notebook {
  return JSON.parse(readFileSync(file, "utf8")) as Notebook;
}

/** Executes a notebook of the notebooks folder; the executed one is kept for a person to look at. */
async function executeNotebook(file: string): Promise<Notebook> {
  mkdirSync(artifacts, { recursive: true });
  const target = join(artifacts, basename(file));
  const script = resolve(__dirname, "execute.py");
  await promisify(execFile)(python, [script, join(notebooksFolder, file), target], { maxBuffer: 1 << 26 });
  return readNotebook(target);
}

/** Executes a notebook before the tests of a `describe`; the first of them is that no cell failed. */
export function runNotebook(file: string, take: (notebook: Notebook) => void): void {
  let notebook: Notebook;
  beforeAll(async () => {
    notebook = await executeNotebook(file);
    take(notebook);
  }, EXECUTION_MS);
  it("runs from top to bottom without an error", () => {
    expect(errorsOf(notebook)).toEqual([]);
  });
}

/** Everything a cell shows as text: its streams and the plain text of its results. */
export function textOf(notebook: Notebook, id: string): string {
  return outputsOf(notebook, id)
    .map((output) => joined(output.text ?? (output.data?.["text/plain"] as string | string[] | undefined)))
    .join("\n");
}

/** The tokens that `topTokens` printed in a cell, with their probabilities, most probable first. */
export function topTokensOf(notebook: Notebook, id: string): [token: string, probability: number][] {
  return [...textOf(notebook, id).matchAll(/^"(.*)"\s+([\d.]+) %$/gm)].map(([, token, percent]) => [
    token,
    Number(percent) / 100,
  ]);
}

/** The rows of the tables that a cell shows, by their columns' titles. */
export function tablesOf(notebook: Notebook, id: string): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  for (const { data } of outputsOf(notebook, id)) {
    const html = joined(data?.["text/html"] as string | string[] | undefined);
    let titles: string[] = [];
    for (const [, row] of html.matchAll(/<tr>(.*?)<\/tr>/g)) {
      const cells = [...row.matchAll(/<t[hd]>(.*?)<\/t[hd]>/g)].map(([, cell]) => textIn(cell));
      if (row.startsWith("<th>")) titles = cells;
      else rows.push(Object.fromEntries(cells.map((cell, i) => [titles[i], cell])));
    }
  }
  return rows;
}

/** What a cell says: without the quotation marks around texts with spaces at their ends. */
function textIn(cell: string): string {
  const text = cell
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, "<")
    .replace(/&amp;/g, "&");
  return /^".*"$/.test(text) ? (JSON.parse(text) as string) : text;
}

export function outputsOf(notebook: Notebook, id: string): Output[] {
  const cell = notebook.cells.find((candidate) => candidate.id === id);
  if (!cell) throw new Error(`the notebook has no cell ${id}`);
  return cell.outputs ?? [];
}

/** The failures of a notebook, each with its cell and the first lines of the traceback. */
function errorsOf(notebook: Notebook): string[] {
  return notebook.cells.flatMap((cell) =>
    (cell.outputs ?? [])
      .filter((output) => output.output_type === "error")
      .map(
        (output) =>
          `cell ${cell.id}: ${output.ename}: ${output.evalue}\n${(output.traceback ?? []).join("\n")}`,
      ),
  );
}

function joined(text: string | string[] | undefined): string {
  return Array.isArray(text) ? text.join("") : (text ?? "");
}
