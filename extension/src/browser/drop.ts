import type { INotebookTracker } from "@jupyterlab/notebook";
import { DisposableDelegate, type IDisposable } from "@lumino/disposable";
import { NODE_NAME_MIME } from "./actions";
import { writeName } from "./cellEditing";

/**
 * Lets the name of a node be dropped into a code cell, quoted as the place asks.
 *
 * The editor would take the plain text that is dragged along; so the drop is caught before it gets there.
 */
export function acceptDroppedNames(tracker: INotebookTracker): IDisposable {
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes(NODE_NAME_MIME) || !isEditor(event.target)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  const onDrop = (event: DragEvent): void => {
    const name = event.dataTransfer?.getData(NODE_NAME_MIME);
    const { target, clientX, clientY } = event;
    if (!name || !isEditor(target)) return;
    const cell = tracker
      .find((panel) => panel.node.contains(target))
      ?.content.widgets.find((candidate) => candidate.node.contains(target));
    if (!cell?.editor) return;
    event.preventDefault();
    event.stopPropagation();
    const at = { left: clientX, right: clientX, top: clientY, bottom: clientY };
    const position = cell.editor.getPositionForCoordinate(at);
    writeName(cell, name, position ? cell.editor.getOffsetAt(position) : undefined);
  };
  document.addEventListener("dragover", onDragOver, true);
  document.addEventListener("drop", onDrop, true);
  return new DisposableDelegate(() => {
    document.removeEventListener("dragover", onDragOver, true);
    document.removeEventListener("drop", onDrop, true);
  });
}

function isEditor(target: EventTarget | null): target is Element {
  return target instanceof Element && target.closest(".jp-CodeCell .cm-editor") !== null;
}
