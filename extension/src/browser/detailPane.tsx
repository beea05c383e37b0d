import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { visibleText } from "../text";
import type { NodeMarks } from "../tokens";
import type { BrowserActions } from "./actions";
import { describeSize } from "./details";
import type { Row } from "./rows";

export interface DetailPaneProps {
  row: Row;
  marks: NodeMarks;
  actions: BrowserActions;
  trans: TranslationBundle;
}

/** What is known of the active row. */
export function DetailPane({ row, marks, actions, trans }: DetailPaneProps): React.JSX.Element {
  const path = row.path;
  return (
    <section className="gp-Detail" aria-label={trans.__("Details of the selected node")}>
      <div className="gp-Detail-path">{visibleText(path ?? row.label)}</div>
      <dl>
        {facts(row, marks, trans).map(([term, fact]) => (
          <React.Fragment key={term}>
            <dt>{term}</dt>
            <dd>{visibleText(fact)}</dd>
          </React.Fragment>
        ))}
      </dl>
      {path !== null && (
        <div className="gp-Detail-buttons">
          <button type="button" className="gp-Button gp-mod-primary" onClick={() => actions.insert(path)}>
            {trans.__("Insert at Cursor")}
          </button>
          <button type="button" className="gp-Button" onClick={() => actions.copy(path)}>
            {trans.__("Copy Name")}
          </button>
        </div>
      )}
    </section>
  );
}

/** Terms and what to say of them, in order; what is unknown is left out. */
function facts(row: Row, marks: NodeMarks, trans: TranslationBundle): [term: string, fact: string][] {
  const { node, path } = row;
  const list: [string, string | null | false][] = [];
  if (node) {
    list.push(
      [trans.__("Kind"), node.kind],
      // What makes a parameter or an input is no operator, and named like its kind.
      [trans.__("Operator"), node.operator !== node.kind && node.operator],
      [trans.__("Shape"), node.shape && `[${node.shape.join(", ")}]`],
      [trans.__("Dtype"), node.dtype],
      [trans.__("Size"), describeSize(node)],
      [trans.__("Module"), [node.module, node.moduleType].filter(Boolean).join(" · ")],
      [trans.__("Source"), node.code],
    );
  } else {
    list.push(
      [trans.__("Class"), row.moduleType],
      [
        trans.__("Holds"),
        row.kind === "series"
          ? trans._n("%1 row", "%1 rows", row.count)
          : trans._n("%1 node", "%1 nodes", row.count),
      ],
    );
  }
  const state = [
    path !== null && marks.patched.has(path) && trans.__("patched"),
    path !== null && marks.probed.has(path) && trans.__("probed"),
  ].filter((word) => word !== false);
  list.push([trans.__("Last run"), state.join(", ")]);
  return list.filter((entry): entry is [string, string] => Boolean(entry[1]));
}
