import { type INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ValuesClient } from "./valuesClient";

/** The notebook a view belongs to, as far as views need it. */
export interface ViewScope {
  /** Shared by all views of the notebook, and by the node browser: the kernel's id, or the notebook's without a kernel. */
  readonly id: string;
  /** What to ask for values; null without a kernel. */
  values(): ValuesClient | null;
  /** Inserts a code cell below the one that `node` stands in, or the active one, and shows it. */
  insertBelow(node: Node, code: string): void;
}

/** Finds the notebooks of views, and keeps one {@link ValuesClient} a kernel. */
export class ViewScopes {
  constructor(
    private readonly tracker: INotebookTracker | null,
    private readonly trans: TranslationBundle,
  ) {}

  /** The notebook that shows `node`; null for none. */
  at(node: Node): ViewScope | null {
    const panel = this.tracker?.find((candidate) => candidate.node.contains(node));
    return panel ? this.of(panel) : null;
  }

  of(panel: NotebookPanel): ViewScope {
    const kernel = () => (panel.isDisposed ? null : (panel.sessionContext.session?.kernel ?? null));
    const clientOf = (connection: Kernel.IKernelConnection) => this.clientOf(connection);
    return {
      get id() {
        return kernel()?.id ?? panel.id;
      },
      values: () => {
        const connection = kernel();
        return connection ? clientOf(connection) : null;
      },
      insertBelow: (node, code) => insertBelow(panel, node, code),
    };
  }

  private clientOf(kernel: Kernel.IKernelConnection): ValuesClient {
    const known = this.clients.get(kernel.id);
    if (known && !known.isDisposed) return known;
    const client = new ValuesClient(kernel, this.trans);
    this.clients.set(kernel.id, client);
    kernel.disposed.connect(() => client.dispose());
    return client;
  }

  private readonly clients = new Map<string, ValuesClient>();
}

function insertBelow(panel: NotebookPanel, node: Node, code: string): void {
  if (panel.isDisposed) return;
  const notebook = panel.content;
  const at = notebook.widgets.findIndex((cell) => cell.node.contains(node));
  if (at >= 0) notebook.activeCellIndex = at;
  NotebookActions.insertBelow(notebook);
  const cell = notebook.activeCell;
  if (cell?.model.type !== "code") NotebookActions.changeCellType(notebook, "code");
  notebook.activeCell?.model.sharedModel.setSource(code);
  if (notebook.activeCell) void notebook.scrollToItem(notebook.activeCellIndex);
}
