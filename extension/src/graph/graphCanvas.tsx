import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { visibleText } from "../text";
import { boxTowards } from "./boxKeys";
import { boxSize, type GraphModel } from "./graphModel";
import type { Layout, Point } from "./layout";
import { valuePaths } from "./paths";
import type { Subgraph } from "./subgraph";

/** The picture: boxes as buttons over the edges between them. */
export function GraphCanvas({
  model,
  zoom,
  trans,
}: {
  model: GraphModel;
  zoom: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const canvas = React.useRef<HTMLDivElement>(null);
  const marker = React.useId();
  const { layout, subgraph, selected } = model;
  const focused = selected >= 0 ? selected : Math.max(0, subgraph?.centre ?? 0);
  const shown = React.useRef<Layout | null>(null);
  React.useEffect(() => {
    if (!layout) return;
    // A new picture begins at what was selected; in one that is there no more is moved than must be.
    const place = shown.current === layout ? "nearest" : "center";
    shown.current = layout;
    canvas.current?.querySelector(`[data-box="${focused}"]`)?.scrollIntoView({ block: place, inline: place });
  }, [layout, focused]);
  if (!layout || !subgraph) return <div className="gp-Graph-canvas" />;

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const target = boxTowards(event.key, focused, subgraph, layout);
    if (event.key === "Enter" && event.shiftKey) model.enter(subgraph.boxes[focused]);
    else if (target >= 0) {
      model.select(subgraph.boxes[target]);
      canvas.current?.querySelector<HTMLElement>(`[data-box="${target}"]`)?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const { marks } = model.browser;
  return (
    // Arrow keys move among the boxes, which are the buttons.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot scroll
    <div
      ref={canvas}
      className="gp-Graph-canvas"
      role="group"
      aria-label={trans.__("Graph. Arrow keys follow the values; Shift+Enter opens a box.")}
      onKeyDown={onKeyDown}
    >
      <div className="gp-Graph-sheet" style={{ width: layout.width * zoom, height: layout.height * zoom }}>
        <div
          className="gp-Graph-scaled"
          style={{ width: layout.width, height: layout.height, transform: `scale(${zoom})` }}
        >
          <Edges layout={layout} graph={subgraph} selected={focused} marker={marker} />
          {subgraph.boxes.map((box, at) => {
            const { width, height } = boxSize(box);
            const isPatched = marks.patched.has(box.path);
            const isProbed = marks.probed.has(box.path) || marks.live.has(box.path);
            return (
              <button
                key={box.id}
                type="button"
                data-box={at}
                className={`gp-Box gp-mod-${box.kind}`}
                aria-current={at === focused ? "true" : undefined}
                tabIndex={at === focused ? 0 : -1}
                title={visibleText(box.path)}
                style={{
                  width,
                  height,
                  left: layout.boxes[at].x - width / 2,
                  top: layout.boxes[at].y - height / 2,
                }}
                onClick={() => model.select(box)}
                onDoubleClick={() => model.enter(box)}
              >
                <span className="gp-Box-label">{visibleText(box.label)}</span>
                <span className="gp-Box-note">
                  {box.kind === "module"
                    ? trans._n("%1 node", "%1 nodes", Number(box.note))
                    : visibleText(box.note)}
                </span>
                {(isPatched || isProbed) && (
                  <span className={`gp-Box-mark gp-mod-${isPatched ? "patched" : "probed"}`}>
                    <span className="gp-Hidden">{isPatched ? trans.__("patched") : trans.__("probed")}</span>
                  </span>
                )}
              </button>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Edges({
  layout,
  graph,
  selected,
  marker,
}: {
  layout: Layout;
  graph: Subgraph;
  selected: number;
  marker: string;
}): React.JSX.Element {
  const onPath = React.useMemo(() => valuePaths(graph, selected, graph.centre), [graph, selected]);
  // Those on the path lie on top.
  const order = graph.edges.map((_, at) => at).sort((a, b) => onPath[a] - onPath[b]);
  const arrow = (name: string): React.JSX.Element => (
    <marker
      id={`${marker}${name}`}
      viewBox="0 0 8 8"
      refX="7"
      refY="4"
      markerUnits="userSpaceOnUse"
      markerWidth="9"
      markerHeight="9"
      orient="auto"
    >
      <path className={`gp-Edge-head gp-mod-${name}`} d="M0 0.5 L8 4 L0 7.5 Z" />
    </marker>
  );
  return (
    <svg className="gp-Graph-edges" width={layout.width} height={layout.height} aria-hidden="true">
      <defs>
        {arrow("plain")}
        {arrow("path")}
      </defs>
      {order.map((at) => {
        const kind = onPath[at] ? "path" : "plain";
        return (
          <path
            key={graph.edges[at].join(" ")}
            className={`gp-Edge gp-mod-${kind}`}
            d={curve(layout.edges[at])}
            markerEnd={`url(#${marker}${kind})`}
          />
        );
      })}
    </svg>
  );
}

/** A smooth line through the points: quadratic curves that meet halfway between them. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${first.x} ${first.y}`];
  rest.forEach((point, at) => {
    const next = rest[at + 1];
    const end = next ? { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 } : point;
    parts.push(
      at === 0 && next === undefined ? `L${end.x} ${end.y}` : `Q${point.x} ${point.y} ${end.x} ${end.y}`,
    );
  });
  return parts.join(" ");
}
