import { PLOTLY_MIME, VIEW_MIME } from "@graphpatch/kernel/protocol";
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IThemeManager } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { IHighlights, IViewMaker, IViewRegistry, NAMESPACE, TRANSLATION_DOMAIN } from "../tokens";
import { Highlights } from "./live/highlights";
import { ViewScopes } from "./live/scope";
import { FigureWidget } from "./plain/figureWidget";
import { defaultRegistry } from "./registry";
import { type ViewContext, ViewWidget } from "./viewWidget";

/** Below 2, the rank of plotly.py's renderer, whose MIME type stands in the same bundle. */
const RANK = 1;

/** The browser's command; the browser may be disabled. */
const REVEAL = "graphpatch:reveal-node";

/** Behind plotly.py's renderer, which is 2, where that is installed; before HTML and pictures. */
const FIGURE_RANK = 45;

export const registryPlugin: JupyterFrontEndPlugin<IViewRegistry> = {
  id: `${NAMESPACE}:view-registry`,
  description: "The kinds of views there are.",
  autoStart: true,
  provides: IViewRegistry,
  activate: () => defaultRegistry(),
};

export const highlightsPlugin: JupyterFrontEndPlugin<IHighlights> = {
  id: `${NAMESPACE}:highlights`,
  description: "Links the views of a notebook and the node browser.",
  autoStart: true,
  provides: IHighlights,
  activate: () => new Highlights(),
};

export const viewsPlugin: JupyterFrontEndPlugin<IViewMaker> = {
  id: `${NAMESPACE}:views`,
  description: "Draws activations, attention patterns, grids and curves in notebooks.",
  autoStart: true,
  provides: IViewMaker,
  requires: [IRenderMimeRegistry, IViewRegistry, IHighlights],
  optional: [INotebookTracker, IThemeManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    registry: IViewRegistry,
    highlights: IHighlights,
    tracker: INotebookTracker | null,
    themes: IThemeManager | null,
    translator: ITranslator | null,
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const scopes = new ViewScopes(tracker, trans);
    const context: ViewContext = {
      registry,
      highlights,
      trans,
      themeChanged: themes?.themeChanged ?? null,
      scopeAt: (node) => scopes.at(node),
      reveal: (name) => {
        if (app.commands.hasCommand(REVEAL)) void app.commands.execute(REVEAL, { name });
      },
    };
    rendermime.addFactory(
      {
        // Safe for notebooks that are not trusted: nothing of the bundle reaches the page but checked numbers and text.
        safe: true,
        mimeTypes: [VIEW_MIME],
        createRenderer: () => new ViewWidget(context),
      },
      RANK,
    );
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [PLOTLY_MIME],
        createRenderer: () => new FigureWidget(context.trans, context.themeChanged),
      },
      FIGURE_RANK,
    );
    return {
      create: (panel) => new ViewWidget({ ...context, scopeAt: () => scopes.of(panel) }),
    };
  },
};
