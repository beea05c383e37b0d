/** MIME type under which the name of a node is dragged. */
export const NODE_NAME_MIME = "application/vnd.graphpatch.node-name";

/** What the browser can do outside of itself. */
export interface BrowserActions {
  /** Writes a name into the active cell. */
  insert(name: string): void;
  copy(name: string): void;
  /** Asks for a patch of the node and writes it into the active cell. */
  insertPatch(name: string): void | Promise<void>;
  /** Looks at the node in every later run, and shows what it sees. */
  probe(name: string): void;
  stopProbe(name: string): void;
  /** Shows the node among those it is computed from and those that are computed from it. */
  showGraph(name: string): void;
}
