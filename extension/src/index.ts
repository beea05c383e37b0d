import { browserPlugin } from "./browser/plugin";
import { catalogPlugin } from "./catalog/plugin";
import { highlightsPlugin, registryPlugin, viewsPlugin } from "./renderers/plugin";

export * from "./tokens";

export default [catalogPlugin, browserPlugin, registryPlugin, highlightsPlugin, viewsPlugin];
