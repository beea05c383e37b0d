import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStateDB } from "@jupyterlab/statedb";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { readSettings } from "../settings";
import { IGraphView, IHighlights, ILiveProbes, INodeCatalog, NAMESPACE, TRANSLATION_DOMAIN } from "../tokens";
import type { BrowserActions } from "./actions";
import { addCommands, CommandIds } from "./commands";
import { acceptDroppedNames } from "./drop";
import { keepState } from "./keepState";
import { BrowserModel } from "./model";
import { Pointing } from "./pointing";
import { BROWSER_ID, NodeBrowser } from "./widget";

const PLUGIN_ID = `${NAMESPACE}:browser`;

export const browserPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: "The node browser in the sidebar.",
  autoStart: true,
  requires: [INodeCatalog, INotebookTracker, ILiveProbes, IGraphView],
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, IStateDB, IHighlights, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    catalog: INodeCatalog,
    tracker: INotebookTracker,
    probes: ILiveProbes,
    graphView: IGraphView,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settingRegistry: ISettingRegistry | null,
    state: IStateDB | null,
    highlights: IHighlights | null,
    translator: ITranslator | null,
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const model = new BrowserModel(catalog);
    graphView.attach(model);
    let settings: ISettingRegistry.ISettings | null = null;
    const actions: BrowserActions = addCommands({
      app,
      tracker,
      model,
      probes,
      graphView,
      trans,
      show: () => app.shell.activateById(BROWSER_ID),
      focusFilter: () => browser.focusFilter(),
      setOrder: (order) => {
        if (settings) void settings.set("order", order);
        else model.settings = { ...model.settings, order };
      },
    });
    const browser = new NodeBrowser(model, actions, trans, new Pointing(model, highlights));
    app.shell.add(browser, "left", { rank: 450, type: "Node Browser" });
    restorer?.add(browser, BROWSER_ID);
    acceptDroppedNames(tracker);
    for (const command of Object.values(CommandIds)) {
      palette?.addItem({ command, category: trans.__("Graphpatch") });
    }
    if (state) {
      keepState(model, state).catch((error: unknown) => {
        console.error("What the node browser looked like could not be read", error);
      });
    }
    settingRegistry
      ?.load(PLUGIN_ID)
      .then((loaded) => {
        settings = loaded;
        const apply = (): void => {
          model.settings = readSettings(loaded);
        };
        loaded.changed.connect(apply);
        apply();
      })
      .catch((error: unknown) => {
        // The defaults stand; the browser works without settings.
        console.error("Settings of the node browser could not be loaded", error);
      });
  },
};
