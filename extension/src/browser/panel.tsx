import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { visibleText } from "../text";
import type { BrowserActions } from "./actions";
import { DetailPane } from "./detailPane";
import { EmptyState } from "./emptyState";
import { FilterBar } from "./filterBar";
import type { BrowserModel } from "./model";
import type { Pointing } from "./pointing";
import { Splitter } from "./splitter";
import { TreeView } from "./treeView";

export interface BrowserPanelProps {
  model: BrowserModel;
  actions: BrowserActions;
  trans: TranslationBundle;
  pointing: Pointing;
  filterRef: React.RefObject<HTMLInputElement>;
}

/** Everything inside the sidebar. */
export function BrowserPanel({
  model,
  actions,
  trans,
  pointing,
  filterRef,
}: BrowserPanelProps): React.JSX.Element {
  const panel = React.useRef<HTMLDivElement>(null);
  const [detailHeight, setDetailHeight] = React.useState<number | null>(null);
  const focusTree = (): void => panel.current?.querySelector<HTMLElement>("[role=tree]")?.focus();
  const accept = (): void => {
    const node = model.activeRow?.node;
    if (node) actions.insert(node.name);
  };
  const { graph, source, activeRow } = model;
  return (
    <div ref={panel} className="gp-Panel">
      {graph && (
        <FilterBar
          model={model}
          trans={trans}
          inputRef={filterRef}
          onEnterTree={focusTree}
          onAccept={accept}
        />
      )}
      {model.graphs.length > 1 && <GraphPicker model={model} trans={trans} />}
      {source?.problem && (
        <div className="gp-Problem" role="alert">
          {visibleText(source.problem)}
        </div>
      )}
      {/* One status element for as long as the panel lives, so that changes are read out. */}
      <div className="gp-Status" role="status">
        {graph ? statusText(model, trans) : ""}
      </div>
      {graph ? (
        <>
          <TreeView
            model={model}
            actions={actions}
            trans={trans}
            pointing={pointing}
            focusFilter={() => filterRef.current?.focus()}
          />
          {activeRow && (
            <>
              <Splitter height={detailHeight} onResize={setDetailHeight} trans={trans} />
              <div
                className="gp-Lower"
                style={detailHeight === null ? undefined : { height: detailHeight, maxHeight: "none" }}
              >
                <DetailPane model={model} row={activeRow} actions={actions} trans={trans} />
              </div>
            </>
          )}
        </>
      ) : (
        <EmptyState source={source} trans={trans} />
      )}
    </div>
  );
}

function GraphPicker({ model, trans }: { model: BrowserModel; trans: TranslationBundle }): React.JSX.Element {
  return (
    <div className="gp-GraphPicker jp-HTMLSelect jp-DefaultStyle">
      <select
        aria-label={trans.__("Graph")}
        value={model.graph?.id}
        onChange={(event) => model.selectGraph(event.target.value)}
      >
        {model.graphs.map((graph) => (
          <option key={graph.id} value={graph.id}>
            {visibleText(`${graph.label} (${graph.id})`)}
          </option>
        ))}
      </select>
    </div>
  );
}

function statusText(model: BrowserModel, trans: TranslationBundle): string {
  const total = model.graph?.nodes.length ?? 0;
  const label = visibleText(model.graph?.label ?? "");
  const all = trans._n("%1 node", "%1 nodes", total).replace(String(total), total.toLocaleString("en"));
  if (!model.isFiltering) return `${label} · ${all}`;
  if (model.matchCount === 0) return trans.__("No node matches");
  return trans.__("%1 of %2", model.matchCount.toLocaleString("en"), all);
}
