import { VIEW_MIME } from "@graphpatch/kernel/protocol";
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IThemeManager } from "@jupyterlab/apputils";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { IViewRegistry, NAMESPACE, TRANSLATION_DOMAIN } from "../tokens";
import { defaultRegistry } from "./registry";
import { ViewWidget } from "./viewWidget";

/** Below 2, the rank of plotly.py's renderer, whose MIME type stands in the same bundle. */
const RANK = 1;

export const viewsPlugin: JupyterFrontEndPlugin<IViewRegistry> = {
  id: `${NAMESPACE}:views`,
  description: "Draws activations, attention patterns and curves in notebooks.",
  autoStart: true,
  provides: IViewRegistry,
  requires: [IRenderMimeRegistry],
  optional: [IThemeManager, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    themes: IThemeManager | null,
    translator: ITranslator | null,
  ) => {
    const registry = defaultRegistry();
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const themeChanged = themes?.themeChanged ?? null;
    rendermime.addFactory(
      {
        // Safe for notebooks that are not trusted: nothing of the bundle reaches the page but checked numbers and text.
        safe: true,
        mimeTypes: [VIEW_MIME],
        createRenderer: () => new ViewWidget({ registry, trans, themeChanged }),
      },
      RANK,
    );
    return registry;
  },
};
