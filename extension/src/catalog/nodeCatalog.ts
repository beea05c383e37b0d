import type { ISessionContext } from "@jupyterlab/apputils";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";
import type { ICatalogModel, INodeCatalog } from "../tokens";
import { CatalogModel } from "./catalogModel";

/**
 * One {@link CatalogModel} for each kernel with an open notebook, and which of them is current.
 *
 * Models are kept by kernel, not by notebook: two notebooks on one kernel share a model, because only one
 * connection of a page receives comm messages. Switching notebooks therefore loses nothing.
 */
export class NodeCatalog implements INodeCatalog {
  constructor(private readonly tracker: INotebookTracker) {
    tracker.forEach((panel) => {
      this.follow(panel);
    });
    tracker.widgetAdded.connect((_, panel) => this.follow(panel));
    tracker.currentChanged.connect(() => this.update());
    this.update();
  }

  get current(): ICatalogModel | null {
    return this._current;
  }

  get currentChanged(): ISignal<INodeCatalog, ICatalogModel | null> {
    return this._currentChanged;
  }

  get kernelsChanged(): ISignal<INodeCatalog, string> {
    return this._kernelsChanged;
  }

  forKernel(kernelId: string): ICatalogModel | null {
    return this.models.get(kernelId) ?? null;
  }

  private follow(panel: NotebookPanel): void {
    const context = panel.sessionContext;
    context.kernelChanged.connect((_, change) => {
      if (change.newValue) this.attach(change.newValue);
      this.update();
    });
    panel.disposed.connect(() => this.update());
    const present = context.session?.kernel;
    if (present) this.attach(present);
    this.update();
  }

  private attach(kernel: Kernel.IKernelConnection): void {
    if (this.models.has(kernel.id)) return;
    const model = new CatalogModel(kernel);
    this.models.set(kernel.id, model);
    this._kernelsChanged.emit(kernel.id);
    kernel.disposed.connect(() => {
      model.dispose();
      this.models.delete(kernel.id);
      this.reattach(kernel.id);
      this._kernelsChanged.emit(kernel.id);
      this.update();
    });
  }

  /** The connection of a shared kernel went away with its notebook: go on with that of another one. */
  private reattach(kernelId: string): void {
    const heir = this.tracker.find((panel) => {
      const kernel = kernelOf(panel.isDisposed ? null : panel.sessionContext);
      return kernel?.id === kernelId && !kernel.isDisposed;
    });
    const kernel = heir ? kernelOf(heir.sessionContext) : null;
    if (!kernel) return;
    kernel.handleComms = true;
    this.attach(kernel);
  }

  private update(): void {
    const panel = this.tracker.currentWidget;
    const kernel = panel && !panel.isDisposed ? kernelOf(panel.sessionContext) : null;
    const next = kernel ? this.forKernel(kernel.id) : null;
    if (next === this._current) return;
    this._current = next;
    this._currentChanged.emit(next);
  }

  private readonly models = new Map<string, CatalogModel>();
  private _current: ICatalogModel | null = null;
  private readonly _kernelsChanged = new Signal<INodeCatalog, string>(this);
  private readonly _currentChanged = new Signal<INodeCatalog, ICatalogModel | null>(this);
}

function kernelOf(context: ISessionContext | null): Kernel.IKernelConnection | null {
  return context?.session?.kernel ?? null;
}
