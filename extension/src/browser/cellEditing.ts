import type { Cell } from "@jupyterlab/cells";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import { insertName } from "./insertion";

/** Why a name cannot be written into a cell. */
export type Refusal = "no-cell" | "not-code" | "read-only";

/**
 * Writes the name of a node into a cell, at its cursor or at `offset`, and puts the cursor after it.
 * @returns why it did not, or null.
 */
export function writeName(cell: Cell | null, name: string, offset?: number): Refusal | null {
  if (!cell?.editor) return "no-cell";
  if (cell.model.type !== "code") return "not-code";
  if (cell.model.getMetadata("editable") === false) return "read-only";
  const { editor } = cell;
  const [from, to] = offset === undefined ? selectionOf(editor) : [offset, offset];
  const shared = editor.model.sharedModel;
  const change = insertName(shared.getSource(), from, to, name);
  shared.updateSource(change.from, change.to, change.text);
  const position = editor.getPositionAt(change.cursor);
  if (position) editor.setCursorPosition(position);
  editor.focus();
  return null;
}

function selectionOf(editor: CodeEditor.IEditor): [from: number, to: number] {
  const { start, end } = editor.getSelection();
  const offsets = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
  return [Math.min(...offsets), Math.max(...offsets)];
}
