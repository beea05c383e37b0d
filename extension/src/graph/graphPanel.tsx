import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { visibleText } from "../text";
import { GraphCanvas } from "./graphCanvas";
import type { GraphModel, GraphScope } from "./graphModel";
import { MOST_BOXES } from "./subgraph";

const DEPTHS = [1, 2, 3, 4, 6, 8];
const ZOOM_STEP = 1.25;

/** The graph view: what is shown, and the picture. */
export function GraphPanel({ model, trans }: { model: GraphModel; trans: TranslationBundle }) {
  const [zoom, setZoom] = React.useState(1);
  return (
    <div className="gp-Graph">
      <div className="gp-Graph-bar" role="toolbar" aria-label={trans.__("Graph view")}>
        <select
          aria-label={trans.__("What is shown")}
          value={model.scope}
          onChange={(event) => model.setScope(event.target.value as GraphScope)}
        >
          <option value="neighbourhood">{trans.__("Neighbourhood")}</option>
          <option value="module">{trans.__("Module")}</option>
        </select>
        {model.scope === "neighbourhood" && (
          <select
            aria-label={trans.__("Steps from the node")}
            value={model.depth}
            onChange={(event) => model.setDepth(Number(event.target.value))}
          >
            {DEPTHS.map((depth) => (
              <option key={depth} value={depth}>
                {trans._n("%1 step", "%1 steps", depth)}
              </option>
            ))}
          </select>
        )}
        <span className="gp-Graph-subject" title={visibleText(model.subject ?? "")}>
          {visibleText(model.subject ?? "")}
        </span>
        <ZoomButton sign="−" label={trans.__("Zoom Out")} onClick={() => setZoom(zoom / ZOOM_STEP)} />
        <ZoomButton sign="+" label={trans.__("Zoom In")} onClick={() => setZoom(zoom * ZOOM_STEP)} />
      </div>
      <div className="gp-Graph-status" role="status">
        {statusText(model, trans)}
        {model.status === "busy" && (
          <button type="button" className="gp-TextButton" onClick={() => model.cancel()}>
            {trans.__("Cancel")}
          </button>
        )}
      </div>
      <GraphCanvas model={model} zoom={zoom} trans={trans} />
    </div>
  );
}

function ZoomButton({ sign, label, onClick }: { sign: string; label: string; onClick(): void }) {
  return (
    <button type="button" className="gp-IconButton" aria-label={label} title={label} onClick={onClick}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

function statusText(model: GraphModel, trans: TranslationBundle): string {
  const boxes = model.subgraph?.boxes.length ?? 0;
  switch (model.status) {
    case "empty":
      return trans.__("Select a node in the browser to see it here.");
    case "busy":
      return trans._n("Laying out %1 box…", "Laying out %1 boxes…", boxes);
    case "cancelled":
      return trans.__("Cancelled. Fewer steps, or a smaller module, are laid out sooner.");
    case "failed":
      return trans.__("The graph could not be laid out: %1", model.problem);
    case "too-large":
      return trans.__(
        "This module has %1 parts; at most %2 can be shown. Select a smaller module, or show a neighbourhood.",
        model.tooMany.toLocaleString("en"),
        MOST_BOXES,
      );
    case "ready": {
      const count = trans._n("%1 box", "%1 boxes", boxes);
      const omitted = model.subgraph?.omitted ?? 0;
      const rest =
        omitted > 0
          ? trans._n("%1 further neighbour left out", "%1 further neighbours left out", omitted)
          : model.scope === "module"
            ? trans.__("what is inside other modules is one box each; double-click opens it")
            : "";
      return [count, rest].filter(Boolean).join(" · ");
    }
  }
}
