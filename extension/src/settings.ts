import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { SiblingOrder } from "./browser/series";

/** Settings of the node browser, as `schema/browser.json` describes them. */
export interface BrowserSettings {
  readonly order: SiblingOrder;
  /** Fewest numbered neighbours shown as one row; 0 for never. */
  readonly foldThreshold: number;
  /** Whether a click on a node writes its name into the cell. */
  readonly insertOnClick: boolean;
}

export const DEFAULT_SETTINGS: BrowserSettings = {
  order: "execution",
  foldThreshold: 5,
  insertOnClick: false,
};

/** Reads what the user has set; what is missing or of the wrong type keeps its default. */
export function readSettings(settings: Pick<ISettingRegistry.ISettings, "get">): BrowserSettings {
  const order = settings.get("order").composite;
  const threshold = settings.get("foldThreshold").composite;
  const insertOnClick = settings.get("insertOnClick").composite;
  return {
    order: order === "natural" || order === "execution" ? order : DEFAULT_SETTINGS.order,
    foldThreshold:
      typeof threshold === "number" && threshold >= 0
        ? Math.floor(threshold)
        : DEFAULT_SETTINGS.foldThreshold,
    insertOnClick: typeof insertOnClick === "boolean" ? insertOnClick : DEFAULT_SETTINGS.insertOnClick,
  };
}
