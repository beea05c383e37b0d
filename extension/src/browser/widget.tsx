import type { TranslationBundle } from "@jupyterlab/translation";
import { ReactWidget, UseSignal } from "@jupyterlab/ui-components";
import * as React from "react";
import { graphIcon } from "../icons";
import type { BrowserActions } from "./actions";
import type { BrowserModel } from "./model";
import { BrowserPanel } from "./panel";
import type { Pointing } from "./pointing";

export const BROWSER_ID = "graphpatch-node-browser";

/** The sidebar. */
export class NodeBrowser extends ReactWidget {
  constructor(
    private readonly model: BrowserModel,
    private readonly actions: BrowserActions,
    private readonly trans: TranslationBundle,
    private readonly pointing: Pointing,
  ) {
    super();
    this.id = BROWSER_ID;
    this.addClass("gp-Browser");
    this.title.icon = graphIcon;
    this.title.caption = trans.__("graphpatch: Node Browser");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", trans.__("Node Browser"));
  }

  /** Puts the cursor into the filter. */
  focusFilter(): void {
    this.filter.current?.focus();
    this.filter.current?.select();
  }

  protected override render(): React.JSX.Element {
    return (
      <UseSignal signal={this.model.changed}>
        {() => (
          <BrowserPanel
            model={this.model}
            actions={this.actions}
            trans={this.trans}
            pointing={this.pointing}
            filterRef={this.filter}
          />
        )}
      </UseSignal>
    );
  }

  private readonly filter = React.createRef<HTMLInputElement>();
}
