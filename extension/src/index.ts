import { browserPlugin } from "./browser/plugin";
import { catalogPlugin } from "./catalog/plugin";
import { viewsPlugin } from "./renderers/plugin";

export * from "./tokens";

export default [catalogPlugin, browserPlugin, viewsPlugin];
