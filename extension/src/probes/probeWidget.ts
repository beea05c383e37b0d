import { VIEW_MIME } from "@graphpatch/kernel/protocol";
import type { INotebookTracker } from "@jupyterlab/notebook";
import { type IRenderMimeRegistry, MimeModel } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { PartialJSONObject } from "@lumino/coreutils";
import { Panel, Widget } from "@lumino/widgets";
import { visibleText } from "../text";
import type { ICatalogModel, INodeCatalog, IViewMaker } from "../tokens";

/** Which node of which graph is looked at. */
export interface ProbePlace {
  readonly kernelId: string;
  readonly graphId: string;
  readonly node: string;
}

export interface ProbeContext {
  readonly catalog: INodeCatalog;
  readonly rendermime: IRenderMimeRegistry;
  readonly tracker: INotebookTracker;
  readonly views: IViewMaker;
  readonly trans: TranslationBundle;
}

/** Shows what a live probe saw last, drawn again after each run. Asks for a picture only while it is in sight. */
export class ProbeWidget extends Panel {
  constructor(
    readonly place: ProbePlace,
    private readonly context: ProbeContext,
  ) {
    super();
    this.addClass("gp-Probe");
    this.status.node.className = "gp-Probe-status";
    this.status.node.setAttribute("role", "status");
    this.addWidget(this.status);
    context.catalog.kernelsChanged.connect(this.follow, this);
    this.follow();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.context.catalog.kernelsChanged.disconnect(this.follow, this);
    this.source?.changed.disconnect(this.onNews, this);
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.onNews();
  }

  /** The catalogue of the kernel comes after the page was loaded, and goes with its notebook. */
  private follow(): void {
    this.source?.changed.disconnect(this.onNews, this);
    this.source = this.context.catalog.forKernel(this.place.kernelId);
    this.source?.changed.connect(this.onNews, this);
    this.onNews();
  }

  private onNews(): void {
    if (this.isDisposed) return;
    const runs = this.source?.marks(this.place.graphId).live.get(this.place.node);
    this.status.node.textContent = this.statusText(runs);
    if (runs !== undefined && runs > 0 && runs !== this.drawnRuns && this.isVisible) void this.draw();
  }

  private statusText(runs: number | undefined): string {
    const { trans } = this.context;
    const { source } = this;
    if (!source || source.status === "connecting") return trans.__("Waiting for the kernel…");
    if (runs === undefined) {
      return this.wasLive
        ? trans.__("This probe has ended: it was stopped, or its graph is gone.")
        : trans.__("Waiting for the probe…");
    }
    this.wasLive = true;
    if (runs === 0) return trans.__("Nothing has been run yet. Run the graph to see the value here.");
    return trans._n("After %1 run", "After %1 runs", runs);
  }

  /** One picture at a time: runs that end meanwhile are drawn with the next. */
  private async draw(): Promise<void> {
    const { source, place } = this;
    if (this.isDrawing || !source) return;
    this.isDrawing = true;
    try {
      const { runs, bundle } = await source.requestPicture(place.graphId, place.node);
      if (this.isDisposed || !bundle) return;
      this.drawnRuns = runs;
      await this.showBundle(bundle);
    } finally {
      this.isDrawing = false;
    }
    this.onNews();
  }

  private async showBundle(bundle: Readonly<Record<string, unknown>>): Promise<void> {
    const { rendermime, trans } = this.context;
    // The kernel's JSON, which is what a MIME model holds.
    const model = new MimeModel({ data: bundle as PartialJSONObject });
    const type = rendermime.preferredMimeType(model.data, "ensure");
    if (type === undefined) {
      this.status.node.textContent = trans.__("This value cannot be drawn.");
      return;
    }
    if (!this.renderer || type !== this.type) {
      this.renderer?.dispose();
      this.renderer = this.makeRenderer(type);
      this.type = type;
      this.renderer.node.setAttribute("aria-label", visibleText(this.place.node));
      this.addWidget(this.renderer);
    }
    await this.renderer.renderModel(model);
  }

  /** A view is linked with those of its notebook, and is updated in place. */
  private makeRenderer(type: string): IRenderMime.IRenderer {
    const { rendermime, tracker, views } = this.context;
    const panel = tracker.find(
      ({ isDisposed, sessionContext }) =>
        !isDisposed && sessionContext.session?.kernel?.id === this.place.kernelId,
    );
    return panel && type === VIEW_MIME ? views.create(panel) : rendermime.createRenderer(type);
  }

  private readonly status = new Widget();
  private source: ICatalogModel | null = null;
  private renderer: IRenderMime.IRenderer | null = null;
  private type: string | null = null;
  private drawnRuns = 0;
  private isDrawing = false;
  private wasLive = false;
}
