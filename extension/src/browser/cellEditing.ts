import type { Cell } from "@jupyterlab/cells";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import { type Insertion, insertName } from "./insertion";

/** Why a name cannot be written into a cell. */
export type Refusal = "no-cell" | "not-code" | "read-only";

/**
 * Writes the name of a node into a cell, at its cursor or at `offset`, and puts the cursor after it.
 * @returns why it did not, or null.
 */
export function writeName(cell: Cell | null, name: string, offset?: number): Refusal | null {
  return write(cell, (source, from, to) => insertName(source, from, to, name), offset);
}

/**
 * Changes a cell's text at its cursor, or at `offset`.
 * @param change what to change, given the text and the selection
 * @returns why it did not, or null.
 */
export function write(
  cell: Cell | null,
  change: (source: string, from: number, to: number) => Insertion,
  offset?: number,
): Refusal | null {
  if (!cell?.editor) return "no-cell";
  if (cell.model.type !== "code") return "not-code";
  if (cell.model.getMetadata("editable") === false) return "read-only";
  const { editor } = cell;
  const [from, to] = offset === undefined ? selectionOf(editor) : [offset, offset];
  const shared = editor.model.sharedModel;
  const insertion = change(shared.getSource(), from, to);
  shared.updateSource(insertion.from, insertion.to, insertion.text);
  const position = editor.getPositionAt(insertion.cursor);
  if (position) editor.setCursorPosition(position);
  editor.focus();
  return null;
}

function selectionOf(editor: CodeEditor.IEditor): [from: number, to: number] {
  const { start, end } = editor.getSelection();
  const offsets = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
  return [Math.min(...offsets), Math.max(...offsets)];
}
