import { browserPlugin } from "./browser/plugin";
import { catalogPlugin } from "./catalog/plugin";
import { completionPlugin } from "./completion/plugin";
import { graphPlugin } from "./graph/plugin";
import { probesPlugin } from "./probes/plugin";
import { highlightsPlugin, registryPlugin, viewsPlugin } from "./renderers/plugin";

export * from "./tokens";

export default [
  catalogPlugin,
  completionPlugin,
  probesPlugin,
  graphPlugin,
  browserPlugin,
  registryPlugin,
  highlightsPlugin,
  viewsPlugin,
];
