import type { TranslationBundle } from "@jupyterlab/translation";
import { ReactWidget, UseSignal } from "@jupyterlab/ui-components";
import type * as React from "react";
import { graphIcon } from "../icons";
import type { GraphModel } from "./graphModel";
import { GraphPanel } from "./graphPanel";

/** The tab with the graph of what is selected in the node browser. */
export class GraphWidget extends ReactWidget {
  constructor(
    readonly model: GraphModel,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.id = "graphpatch-graph";
    this.addClass("gp-GraphWidget");
    this.title.label = trans.__("Graph");
    this.title.icon = graphIcon;
    this.title.caption = trans.__("Graph of the selected node");
    this.title.closable = true;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.model.dispose();
    super.dispose();
  }

  protected override onCloseRequest(): void {
    this.dispose();
  }

  protected override render(): React.JSX.Element {
    return (
      <UseSignal signal={this.model.changed}>
        {() => <GraphPanel model={this.model} trans={this.trans} />}
      </UseSignal>
    );
  }
}
