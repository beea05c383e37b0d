import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { ToolbarButton } from "@jupyterlab/ui-components";
import { graphIcon } from "../icons";
import { visibleText } from "../text";
import { ILiveProbes, INodeCatalog, IViewMaker, NAMESPACE, TRANSLATION_DOMAIN } from "../tokens";
import { type ProbePlace, ProbeWidget } from "./probeWidget";

const OPEN = "graphpatch:open-probe";

export const probesPlugin: JupyterFrontEndPlugin<ILiveProbes> = {
  id: `${NAMESPACE}:probes`,
  description: "Pictures of nodes that are drawn again after each run.",
  autoStart: true,
  provides: ILiveProbes,
  requires: [INodeCatalog, INotebookTracker, IRenderMimeRegistry, IViewMaker],
  optional: [ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    catalog: INodeCatalog,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    views: IViewMaker,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
  ): ILiveProbes => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const tabs = new WidgetTracker<MainAreaWidget<ProbeWidget>>({ namespace: "graphpatch-probes" });
    const stop = ({ kernelId, graphId, node }: ProbePlace): void =>
      catalog.forKernel(kernelId)?.setProbe(graphId, node, false);

    const makeWidget = (place: ProbePlace): MainAreaWidget<ProbeWidget> => {
      const content = new ProbeWidget(place, { catalog, tracker, rendermime, views, trans });
      const widget = new MainAreaWidget({ content });
      widget.id = idOf(place);
      widget.title.icon = graphIcon;
      widget.title.label = visibleText(shortName(place.node));
      widget.title.caption = trans.__("Live probe of %1", visibleText(place.node));
      widget.title.closable = true;
      widget.toolbar.addItem(
        "stop",
        new ToolbarButton({ label: trans.__("Stop Probing"), onClick: () => widget.dispose() }),
      );
      // Nobody looks any more.
      widget.disposed.connect(() => stop(place));
      return widget;
    };
    const open = (place: ProbePlace): void => {
      let widget = tabs.find((candidate) => candidate.id === idOf(place));
      if (!widget) {
        widget = makeWidget(place);
        app.shell.add(widget, "main", { mode: "split-right", activate: false, type: "Live Probe" });
        void tabs.add(widget);
      }
      catalog.forKernel(place.kernelId)?.setProbe(place.graphId, place.node, true);
      app.shell.activateById(widget.id);
    };
    app.commands.addCommand(OPEN, {
      label: trans.__("Open Live Probe"),
      describedBy: {
        args: {
          type: "object",
          properties: {
            kernelId: { type: "string", description: "Kernel that the graph lives in" },
            graphId: { type: "string", description: "Id of the graph" },
            node: { type: "string", description: "Path of the node" },
          },
          required: ["kernelId", "graphId", "node"],
        },
      },
      isVisible: () => false,
      execute: ({ kernelId, graphId, node }) =>
        open({ kernelId: String(kernelId), graphId: String(graphId), node: String(node) }),
    });
    void restorer?.restore(tabs, {
      command: OPEN,
      args: ({ content }) => ({ ...content.place }),
      name: ({ id }) => id,
    });
    return {
      open,
      stop: (place) => {
        const widget = tabs.find((candidate) => candidate.id === idOf(place));
        if (widget) widget.dispose();
        else stop(place);
      },
    };
  },
};

function idOf({ kernelId, graphId, node }: ProbePlace): string {
  return `graphpatch-probe:${kernelId}:${graphId}:${node}`;
}

/** The last two segments: `mlp.output`. */
function shortName(node: string): string {
  return node.split(".").slice(-2).join(".");
}
