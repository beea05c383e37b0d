import type { CatalogGraph, CatalogNode } from "@graphpatch/kernel/protocol";
import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { visibleText } from "../text";
import type { BrowserActions } from "./actions";
import { describeSize } from "./details";
import type { BrowserModel } from "./model";
import { aliasesOf, describeShape, linksFrom, sourceOf } from "./nodeDetails";
import { NodeLinks } from "./nodeLinks";
import type { Row } from "./rows";
import { ValueSection } from "./valueSection";

export interface DetailPaneProps {
  model: BrowserModel;
  row: Row;
  actions: BrowserActions;
  trans: TranslationBundle;
}

/** What is known of the active row, and what can be done with it. */
export function DetailPane({ model, row, actions, trans }: DetailPaneProps): React.JSX.Element {
  const pane = React.useRef<HTMLElement>(null);
  // Another node is read from its beginning.
  React.useEffect(() => {
    if (row.id !== "" && pane.current) pane.current.scrollTop = 0;
  }, [row.id]);
  const { graph } = model;
  const index = row.node ? model.nodeAt(row.node.name) : -1;
  const isNode = graph !== null && row.node !== null && index >= 0;
  return (
    <section ref={pane} className="gp-Detail" aria-label={trans.__("Details of the selected node")}>
      <div className="gp-Detail-head">
        <div className="gp-Detail-path">{visibleText(row.path ?? row.label)}</div>
        <HistoryButtons model={model} trans={trans} />
      </div>
      {row.path !== null && <Actions model={model} path={row.path} actions={actions} trans={trans} />}
      {isNode ? (
        <NodeFacts model={model} graph={graph} node={row.node} index={index} trans={trans} />
      ) : (
        <ModuleFacts model={model} row={row} trans={trans} />
      )}
    </section>
  );
}

function HistoryButtons({ model, trans }: { model: BrowserModel; trans: TranslationBundle }) {
  const button = (step: -1 | 1, sign: string, label: string): React.JSX.Element => (
    <button
      type="button"
      className="gp-IconButton"
      aria-label={label}
      title={label}
      disabled={!model.canGo(step)}
      onClick={() => model.go(step)}
    >
      <span aria-hidden="true">{sign}</span>
    </button>
  );
  return (
    <span className="gp-Detail-history">
      {button(-1, "‹", trans.__("Back to the node before (Alt+Left)"))}
      {button(1, "›", trans.__("Forward (Alt+Right)"))}
    </span>
  );
}

function Actions({
  model,
  path,
  actions,
  trans,
}: {
  model: BrowserModel;
  path: string;
  actions: BrowserActions;
  trans: TranslationBundle;
}): React.JSX.Element {
  const at = model.nodeAt(path);
  const node = at >= 0 ? (model.graph?.nodes[at] ?? null) : null;
  const isLive = node !== null && model.marks.live.has(node.name);
  return (
    <div className="gp-Detail-buttons">
      <button type="button" className="gp-Button gp-mod-primary" onClick={() => actions.insert(path)}>
        {trans.__("Insert")}
      </button>
      <button type="button" className="gp-Button" onClick={() => actions.copy(path)}>
        {trans.__("Copy")}
      </button>
      {node && (
        <>
          <button type="button" className="gp-Button" onClick={() => actions.insertPatch(path)}>
            {trans.__("Insert Patch…")}
          </button>
          <button type="button" className="gp-Button" onClick={() => actions.probe(node.name)}>
            {isLive ? trans.__("Show Probe") : trans.__("Probe Here")}
          </button>
          {isLive && (
            <button type="button" className="gp-Button" onClick={() => actions.stopProbe(node.name)}>
              {trans.__("Stop Probing")}
            </button>
          )}
        </>
      )}
      <button type="button" className="gp-Button" onClick={() => actions.showGraph(path)}>
        {trans.__("Graph")}
      </button>
    </div>
  );
}

function NodeFacts({
  model,
  graph,
  node,
  index,
  trans,
}: {
  model: BrowserModel;
  graph: CatalogGraph;
  node: CatalogNode;
  index: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const follow = (path: string): void => void model.follow(path);
  const source = node.code === null ? null : sourceOf(node.code);
  const aliases = aliasesOf(graph, index);
  // What makes a parameter or an input is no operator, and named like its kind.
  const operator = node.operator === node.kind ? null : node.operator;
  return (
    <>
      <dl>
        <Fact term={trans.__("Operator")} fact={graph.schemas.get(node.operator) ?? operator ?? node.kind} />
        <Fact term={trans.__("Shape")} fact={describeShape(node)} />
        <Fact term={trans.__("Dtype")} fact={[node.dtype, node.device].filter(Boolean).join(" · ")} />
        <Fact term={trans.__("Size")} fact={describeSize(node)} />
        <Fact term={trans.__("Class")} fact={node.moduleType} />
        <Fact term={trans.__("Also called")} fact={aliases.join("\n")} />
        <Fact
          term={trans.__("Code")}
          fact={source && [source.place, source.text].filter(Boolean).join("\n")}
        />
        <Fact term={trans.__("Last run")} fact={lastRun(model, node.name, trans)} />
      </dl>
      <ValueSection model={model} node={node.name} trans={trans} />
      <NodeLinks
        title={trans.__("Computed from")}
        links={linksFrom(graph, index, "inputs")}
        onFollow={follow}
        trans={trans}
      />
      <NodeLinks
        title={trans.__("Used by")}
        links={linksFrom(graph, index, "users")}
        onFollow={follow}
        trans={trans}
      />
    </>
  );
}

function ModuleFacts({
  model,
  row,
  trans,
}: {
  model: BrowserModel;
  row: Row;
  trans: TranslationBundle;
}): React.JSX.Element {
  const output = row.path === null ? -1 : model.nodeAt(row.path);
  const node = output >= 0 ? (model.graph?.nodes[output] ?? null) : null;
  const count =
    row.kind === "series"
      ? trans._n("%1 row", "%1 rows", row.count)
      : trans._n("%1 node", "%1 nodes", row.count);
  return (
    <>
      <dl>
        <Fact term={trans.__("Class")} fact={row.moduleType} />
        <Fact term={trans.__("Holds")} fact={count} />
        <Fact term={trans.__("Output")} fact={node && describeShape(node)} />
      </dl>
      {node && (
        <NodeLinks
          title={trans.__("As a name it means")}
          links={[{ path: node.name, label: node.name, node }]}
          onFollow={(path) => void model.follow(path)}
          trans={trans}
        />
      )}
    </>
  );
}

/** A term and what to say of it; nothing where it is unknown. */
function Fact({ term, fact }: { term: string; fact: string | null }): React.JSX.Element | null {
  if (!fact) return null;
  return (
    <>
      <dt>{term}</dt>
      <dd>{fact.split("\n").map(visibleText).join("\n")}</dd>
    </>
  );
}

/** What the last run did here: a line a patch. */
function lastRun({ marks }: BrowserModel, name: string, trans: TranslationBundle): string {
  const patches = (marks.patched.get(name) ?? []).map(({ patch, fired, maxChange }) => {
    if (!fired) return trans.__("%1 did not fire", patch);
    if (maxChange === null) return trans.__("%1 fired", patch);
    return trans.__("%1 fired, changed values by up to %2", patch, maxChange);
  });
  return [...patches, ...(marks.probed.has(name) ? [trans.__("probed")] : [])].join("\n");
}
