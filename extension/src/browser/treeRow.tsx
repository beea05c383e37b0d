import type { NodeKind } from "@graphpatch/kernel/protocol";
import type { TranslationBundle } from "@jupyterlab/translation";
import type * as React from "react";
import { visibleText } from "../text";
import type { NodeMarks } from "../tokens";
import { NODE_NAME_MIME } from "./actions";
import { Marked } from "./marked";
import { splitNumber } from "./naturalOrder";
import { describeValue, shortOperator } from "./operators";
import type { Row } from "./rows";
import { codeFound, literalSpans, markedSpans, type Query, spansOfLabel } from "./search";

/** One letter for each kind of node, drawn before its name. */
const GLYPHS: Readonly<Record<NodeKind, string>> = {
  operator: "ƒ",
  argument: "→",
  input: "→",
  output: "←",
  parameter: "W",
  buffer: "B",
  number: "#",
};

/** Deeper levels are not indented further, so that their names stay in sight. */
const DEEPEST_INDENT = 14;
const INDENT = 12;

export interface TreeRowProps {
  row: Row;
  domId: string;
  top: number;
  height: number;
  query: Query;
  marks: NodeMarks;
  isActive: boolean;
  /** Whether the pointer is on this node in a view. */
  isPointedAt: boolean;
  trans: TranslationBundle;
  onClick(): void;
  onDoubleClick(): void;
  onContextMenu(): void;
  onPoint(): void;
}

export function TreeRow(props: TreeRowProps): React.JSX.Element {
  const { row, query, marks, trans } = props;
  const path = row.path ?? "";
  const spans =
    row.path === null ? [] : spansOfLabel(markedSpans(query, path), path.length - row.label.length);
  return (
    // The tree itself takes the keys (aria-activedescendant), so rows are not focusable.
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      id={props.domId}
      role="treeitem"
      aria-level={row.level}
      aria-setsize={row.setSize}
      aria-posinset={row.position}
      aria-expanded={row.isExpanded ?? undefined}
      aria-selected={props.isActive}
      className={`gp-Row gp-mod-${row.kind}${props.isPointedAt ? " gp-mod-pointed" : ""}`}
      draggable={row.path !== null}
      title={tooltip(row)}
      style={{
        height: props.height,
        transform: `translateY(${props.top}px)`,
        paddingInlineStart: 4 + Math.min(row.level - 1, DEEPEST_INDENT) * INDENT,
      }}
      onClick={props.onClick}
      onDoubleClick={props.onDoubleClick}
      onContextMenu={props.onContextMenu}
      onMouseEnter={props.onPoint}
      onDragStart={(event) => {
        event.dataTransfer.setData(NODE_NAME_MIME, path);
        event.dataTransfer.setData("text/plain", path);
        event.dataTransfer.effectAllowed = "copy";
      }}
    >
      <span className="gp-Row-caret" aria-hidden="true">
        {row.isExpanded === null ? "" : row.isExpanded ? "▾" : "▸"}
      </span>
      {row.node && row.isExpanded === null && (
        <span className={`gp-Row-glyph gp-mod-${row.node.kind}`} aria-hidden="true">
          {GLYPHS[row.node.kind]}
        </span>
      )}
      <span className="gp-Row-label">
        <Marked text={row.label} spans={spans} />
      </span>
      <Badges marks={marks} path={path} trans={trans} />
      <RowMeta row={row} query={query} />
    </div>
  );
}

/** What the last run did to a node, and whether the page looks at it. */
function Badges({ marks, path, trans }: { marks: NodeMarks; path: string; trans: TranslationBundle }) {
  const patches = marks.patched.get(path);
  const hasFired = patches?.some(({ fired }) => fired) ?? false;
  return (
    <>
      {patches && (
        <Badge
          name={hasFired ? "patched" : "unfired"}
          letter="P"
          label={hasFired ? trans.__("patched") : trans.__("patched, did not fire")}
        />
      )}
      {marks.probed.has(path) && <Badge name="probed" letter="R" label={trans.__("probed")} />}
      {marks.live.has(path) && <Badge name="live" letter="L" label={trans.__("probed live")} />}
    </>
  );
}

function Badge({ name, letter, label }: { name: string; letter: string; label: string }): React.JSX.Element {
  return (
    <span className={`gp-Badge gp-mod-${name}`} title={label}>
      <span aria-hidden="true">{letter}</span>
      <span className="gp-Hidden">{label}</span>
    </span>
  );
}

/** What stands at the right: operator and value of a node, class and size of a module; the source line, if that was found. */
function RowMeta({ row, query }: { row: Row; query: Query }): React.JSX.Element {
  if (row.kind === "series") {
    return <span className="gp-Row-meta">{visibleText(seriesMeta(row))}</span>;
  }
  const code = row.node && query.terms.length > 0 ? codeFound(query, row.node) : null;
  if (code !== null) {
    return (
      <span className="gp-Row-code">
        <Marked text={code} spans={literalSpans(query, ["code"], code)} />
      </span>
    );
  }
  if (row.node && row.isExpanded === null) {
    const operator = shortOperator(row.node.operator);
    // `mul_3` is a `mul`: saying so again would only take room.
    const isNews = row.node.kind === "operator" && splitNumber(row.label)[0] !== operator;
    const value = describeValue(row.node);
    return (
      <>
        {isNews && (
          <span className="gp-Row-operator">
            <Marked text={operator} spans={literalSpans(query, ["op"], operator)} />
          </span>
        )}
        <span className="gp-Row-meta">
          <Marked text={value} spans={literalSpans(query, ["shape", "dtype"], value)} />
        </span>
      </>
    );
  }
  return (
    <span className="gp-Row-meta">
      <Marked text={row.moduleType} spans={literalSpans(query, ["module"], row.moduleType)} />
    </span>
  );
}

/** `30 × LlamaDecoderLayer`, or `48` nodes. */
function seriesMeta(row: Row): string {
  return row.moduleType ? `${row.count} × ${row.moduleType}` : String(row.count);
}

function tooltip(row: Row): string {
  const lines = [row.path ?? row.label];
  if (row.node) {
    lines.push(`${row.node.operator}  ${describeValue(row.node)}`);
    if (row.node.code) lines.push(row.node.code);
  } else if (row.moduleType) {
    lines.push(row.moduleType);
  }
  return lines.map(visibleText).join("\n");
}
