import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Clipboard, Notification } from "@jupyterlab/apputils";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { BrowserActions } from "./actions";
import { type Refusal, writeName } from "./cellEditing";
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
  show(): void;
  focusFilter(): void;
  setOrder(order: "execution" | "natural"): void;
}

/** Adds the commands. @returns what the browser calls for its own buttons. */
export function addCommands(context: CommandContext): BrowserActions {
  const { app, tracker, model, trans } = context;
  const { commands } = app;
  const actions: BrowserActions = {
    insert: (name) => {
      const refusal = writeName(tracker.activeCell, name);
      if (refusal) Notification.warning(refusalText(refusal, trans), { autoClose: 5000 });
    },
    copy: (name) => Clipboard.copyToSystem(name),
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
  commands.addCommand(CommandIds.insert, {
    label: trans.__("Insert Node Name at Cursor"),
    describedBy: NAME_ARGUMENT,
    isEnabled: (args) => nameOf(args) !== null,
    execute: (args) => {
      const name = nameOf(args);
      if (name !== null) actions.insert(name);
    },
  });
  commands.addCommand(CommandIds.copy, {
    label: trans.__("Copy Node Name"),
    describedBy: NAME_ARGUMENT,
    isEnabled: (args) => nameOf(args) !== null,
    execute: (args) => {
      const name = nameOf(args);
      if (name !== null) actions.copy(name);
    },
  });
  commands.addCommand(CommandIds.reveal, {
    label: trans.__("Reveal Node in Browser"),
    describedBy: NAME_ARGUMENT,
    isEnabled: (args) => nameOf(args) !== null,
    execute: (args) => {
      const name = nameOf(args);
      if (name !== null && model.reveal(name)) context.show();
    },
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
