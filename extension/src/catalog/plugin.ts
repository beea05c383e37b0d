import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { INodeCatalog, NAMESPACE } from "../tokens";
import { NodeCatalog } from "./nodeCatalog";

export const catalogPlugin: JupyterFrontEndPlugin<INodeCatalog> = {
  id: `${NAMESPACE}:catalog`,
  description: "Mirrors the graphs of the open notebooks' kernels.",
  autoStart: true,
  provides: INodeCatalog,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker) => new NodeCatalog(tracker),
};
