import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Clipboard, Notification } from "@jupyterlab/apputils";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import { choosePatch } from "../patches/patchDialog";
import { insertPatch } from "../patches/patchInsertion";
import type { IGraphView, ILiveProbes } from "../tokens";
import type { BrowserActions } from "./actions";
import { type Refusal, write, writeName } from "./cellEditing";
import type { BrowserModel } from "./model";

/** Commands of the node browser. */
export const CommandIds = {
  show: "graphpatch:show-node-browser",
  filter: "graphpatch:filter-nodes",
  insert: "graphpatch:insert-node-name",
  copy: "graphpatch:copy-node-name",
  reveal: "graphpatch:reveal-node",
  toggleOrder: "graphpatch:toggle-node-order",
  collapseAll: "graphpatch:collapse-all-nodes",
  insertPatch: "graphpatch:insert-patch",
  probe: "graphpatch:probe-node",
  stopProbe: "graphpatch:stop-probing-node",
  graph: "graphpatch:show-node-graph",
  back: "graphpatch:previous-node",
  forward: "graphpatch:next-node",
} as const;

const NAME_ARGUMENT = {
  args: {
    type: "object",
    properties: { name: { type: "string", description: "Path of the node; without it, the selected one" } },
  },
} as const;
const NO_ARGUMENTS = { args: { type: "object", properties: {} } } as const;

/** What the commands act on. */
export interface CommandContext {
  app: JupyterFrontEnd;
  tracker: INotebookTracker;
  model: BrowserModel;
  trans: TranslationBundle;
  probes: ILiveProbes;
  graphView: IGraphView;
  show(): void;
  focusFilter(): void;
  setOrder(order: "execution" | "natural"): void;
}

/** Adds the commands. @returns what the browser calls for its own buttons. */
export function addCommands(context: CommandContext): BrowserActions {
  const { app, tracker, model, trans } = context;
  const { commands } = app;
  const refuse = (refusal: Refusal | null): void => {
    if (refusal) Notification.warning(refusalText(refusal, trans), { autoClose: 5000 });
  };
  /** The node that a path means, with what a probe of it needs. */
  const placeOf = (path: string) => {
    const { source, graph } = model;
    const node = graph?.nodes[model.nodeAt(path)];
    return source && graph && node ? { kernelId: source.kernelId, graphId: graph.id, node: node.name } : null;
  };
  const actions: BrowserActions = {
    insert: (name) => refuse(writeName(tracker.activeCell, name)),
    copy: (name) => Clipboard.copyToSystem(name),
    insertPatch: async (name) => {
      const node = model.graph?.nodes[model.nodeAt(name)];
      const choice = node && (await choosePatch(node, trans));
      if (!node || !choice) return;
      refuse(
        write(tracker.activeCell, (source, from, to) => insertPatch(source, from, to, name, node, choice)),
      );
    },
    probe: (name) => {
      const place = placeOf(name);
      if (place) context.probes.open(place);
    },
    stopProbe: (name) => {
      const place = placeOf(name);
      if (place) context.probes.stop(place);
    },
    showGraph: (name) => context.graphView.show(model, name),
  };
  const nameOf = (args: ReadonlyPartialJSONObject): string | null =>
    typeof args.name === "string" ? args.name : (model.activeRow?.path ?? null);

  commands.addCommand(CommandIds.show, {
    label: trans.__("Show Node Browser"),
    describedBy: NO_ARGUMENTS,
    execute: () => context.show(),
  });
  commands.addCommand(CommandIds.filter, {
    label: trans.__("Filter Nodes"),
    describedBy: NO_ARGUMENTS,
    execute: () => {
      context.show();
      context.focusFilter();
    },
  });
  /** A command on one node. */
  const addNodeCommand = (
    id: string,
    label: string,
    execute: (name: string) => void,
    isPossible: (name: string) => boolean = () => true,
  ): void => {
    commands.addCommand(id, {
      label,
      describedBy: NAME_ARGUMENT,
      isEnabled: (args) => {
        const name = nameOf(args);
        return name !== null && isPossible(name);
      },
      execute: (args) => {
        const name = nameOf(args);
        if (name !== null) execute(name);
      },
    });
  };
  addNodeCommand(CommandIds.insert, trans.__("Insert Node Name at Cursor"), actions.insert);
  addNodeCommand(CommandIds.copy, trans.__("Copy Node Name"), actions.copy);
  const isNode = (name: string): boolean => model.nodeAt(name) >= 0;
  const isLive = (name: string): boolean => model.marks.live.has(placeOf(name)?.node ?? "");
  addNodeCommand(CommandIds.insertPatch, trans.__("Insert Patch of Node…"), actions.insertPatch, isNode);
  addNodeCommand(CommandIds.probe, trans.__("Probe Node Live"), actions.probe, isNode);
  addNodeCommand(CommandIds.stopProbe, trans.__("Stop Probing Node"), actions.stopProbe, isLive);
  addNodeCommand(CommandIds.graph, trans.__("Show Graph of Node"), actions.showGraph);
  commands.addCommand(CommandIds.back, {
    label: trans.__("Previous Node"),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.canGo(-1),
    execute: () => model.go(-1),
  });
  commands.addCommand(CommandIds.forward, {
    label: trans.__("Next Node"),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.canGo(1),
    execute: () => model.go(1),
  });
  addNodeCommand(CommandIds.reveal, trans.__("Reveal Node in Browser"), (name) => {
    if (model.reveal(name)) context.show();
  });
  commands.addCommand(CommandIds.toggleOrder, {
    label: trans.__("Order Nodes by Name"),
    describedBy: NO_ARGUMENTS,
    isToggleable: true,
    isToggled: () => model.settings.order === "natural",
    execute: () => context.setOrder(model.settings.order === "natural" ? "execution" : "natural"),
  });
  commands.addCommand(CommandIds.collapseAll, {
    label: trans.__("Collapse All Modules"),
    describedBy: NO_ARGUMENTS,
    execute: () => model.collapseAll(),
  });
  return actions;
}

function refusalText(refusal: Refusal, trans: TranslationBundle): string {
  switch (refusal) {
    case "no-cell":
      return trans.__("There is no cell to write the name into. Click into a code cell first.");
    case "not-code":
      return trans.__("The active cell is not a code cell. Click into a code cell first.");
    case "read-only":
      return trans.__("The active cell is read-only. Click into another code cell first.");
  }
}
