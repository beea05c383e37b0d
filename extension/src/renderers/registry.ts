import { DisposableDelegate, type IDisposable } from "@lumino/disposable";
import type { IViewKind, IViewRegistry } from "../tokens";
import { activationView } from "./activation/body";
import { attentionView } from "./attention/body";
import { differenceView } from "./difference";
import { gridView } from "./grid";
import { lineView } from "./line";
import { tableView } from "./table";
import { treeView } from "./tree";

export class ViewRegistry implements IViewRegistry {
  get(kind: string): IViewKind | undefined {
    return this.kinds.get(kind);
  }

  register(kind: string, view: IViewKind): IDisposable {
    if (this.kinds.has(kind)) throw new Error(`There is a view of the kind “${kind}” already.`);
    this.kinds.set(kind, view);
    return new DisposableDelegate(() => this.kinds.delete(kind));
  }

  private readonly kinds = new Map<string, IViewKind>();
}

/** A registry with the kinds the kernel makes. */
export function defaultRegistry(): ViewRegistry {
  const registry = new ViewRegistry();
  registry.register("activation", activationView);
  registry.register("attention", attentionView);
  registry.register("line", lineView);
  registry.register("grid", gridView);
  registry.register("table", tableView);
  registry.register("difference", differenceView);
  registry.register("tree", treeView);
  return registry;
}
