import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { PromiseDelegate } from "@lumino/coreutils";
import type { BrowserModel } from "../browser/model";
import { IGraphView, NAMESPACE, TRANSLATION_DOMAIN } from "../tokens";
import { GraphModel, type GraphScope } from "./graphModel";
import { GraphWidget } from "./graphWidget";
import { LayoutThread } from "./layoutThread";

const OPEN = "graphpatch:open-graph";

export const graphPlugin: JupyterFrontEndPlugin<IGraphView> = {
  id: `${NAMESPACE}:graph`,
  description: "Draws the surroundings of a node and the insides of a module.",
  autoStart: true,
  provides: IGraphView,
  optional: [ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
  ): IGraphView => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const tabs = new WidgetTracker<GraphWidget>({ namespace: "graphpatch-graph" });
    const attached = new PromiseDelegate<BrowserModel>();
    /** The one tab there is, or a new one. */
    const widgetOf = (browser: BrowserModel): GraphWidget => {
      const known = tabs.find(() => true);
      if (known) return known;
      const widget = new GraphWidget(new GraphModel(browser, new LayoutThread()), trans);
      app.shell.add(widget, "main", { mode: "split-right", activate: false, type: "Graph" });
      void tabs.add(widget);
      // What is to be shown again on the next page.
      let saved = "";
      widget.model.changed.connect(({ subject, scope, depth }) => {
        const place = JSON.stringify([subject, scope, depth]);
        if (place === saved) return;
        saved = place;
        void tabs.save(widget);
      });
      return widget;
    };
    app.commands.addCommand(OPEN, {
      label: trans.__("Open Graph"),
      describedBy: {
        args: {
          type: "object",
          properties: {
            path: { type: "string", description: "Path of the node or module" },
            scope: { type: "string", description: "neighbourhood or module" },
            depth: { type: "number", description: "Steps from the node" },
          },
        },
      },
      isVisible: () => false,
      execute: async ({ path, scope, depth }) => {
        const { model } = widgetOf(await attached.promise);
        if (typeof depth === "number") model.setDepth(depth);
        const wanted: GraphScope = scope === "module" ? scope : "neighbourhood";
        if (typeof path === "string") model.show(path, wanted);
      },
    });
    void restorer?.restore(tabs, {
      command: OPEN,
      args: ({ model: { subject, scope, depth } }) => ({ path: subject, scope, depth }),
      name: ({ id }) => id,
    });
    return {
      attach: (browser) => attached.resolve(browser),
      show: (browser, path) => {
        const widget = widgetOf(browser);
        widget.model.show(path);
        app.shell.activateById(widget.id);
      },
    };
  },
};
