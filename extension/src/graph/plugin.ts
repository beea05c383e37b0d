import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { IGraphView, NAMESPACE, TRANSLATION_DOMAIN } from "../tokens";
import { GraphModel } from "./graphModel";
import { GraphWidget } from "./graphWidget";
import { LayoutThread } from "./layoutThread";

export const graphPlugin: JupyterFrontEndPlugin<IGraphView> = {
  id: `${NAMESPACE}:graph`,
  description: "Draws the surroundings of a node and the insides of a module.",
  autoStart: true,
  provides: IGraphView,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): IGraphView => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    let widget: GraphWidget | null = null;
    return {
      show: (browser, path) => {
        if (!widget || widget.isDisposed) {
          widget = new GraphWidget(new GraphModel(browser, new LayoutThread()), trans);
          app.shell.add(widget, "main", { mode: "split-right", activate: false, type: "Graph" });
        }
        widget.model.show(path);
        app.shell.activateById(widget.id);
      },
    };
  },
};
