/** MIME type under which the name of a node is dragged. */
export const NODE_NAME_MIME = "application/vnd.graphpatch.node-name";

/** What the browser can do outside of itself. */
export interface BrowserActions {
  /** Writes a name into the active cell. */
  insert(name: string): void;
  copy(name: string): void;
}
