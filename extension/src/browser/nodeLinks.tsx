import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { visibleText } from "../text";
import type { NodeLink } from "./nodeDetails";
import { describeValue } from "./operators";

/** So many are shown before one asks for all. */
const FIRST = 8;

/** A list of nodes to go to. */
export function NodeLinks({
  title,
  links,
  onFollow,
  trans,
}: {
  title: string;
  links: readonly NodeLink[];
  onFollow(path: string): void;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const heading = React.useId();
  const [shown, setShown] = React.useState<readonly NodeLink[] | null>(null);
  if (links.length === 0) return null;
  // Another node has other links; all of them were asked for of one.
  const isAll = shown?.[0]?.path === links[0].path && shown.length === links.length;
  const visible = isAll ? links : links.slice(0, FIRST);
  return (
    <>
      <h3 id={heading} className="gp-Detail-title">
        {title}
        {links.length > 1 && <span className="gp-Detail-count">{links.length.toLocaleString("en")}</span>}
      </h3>
      <ul className="gp-Links" aria-labelledby={heading}>
        {visible.map(({ path, label, node }) => (
          <li key={path}>
            <button
              type="button"
              className="gp-Link"
              title={visibleText(path)}
              onClick={() => onFollow(path)}
            >
              <span className="gp-Link-label">{visibleText(label)}</span>
              <span className="gp-Link-value">{visibleText(describeValue(node))}</span>
            </button>
          </li>
        ))}
      </ul>
      {visible.length < links.length && (
        <button type="button" className="gp-TextButton" onClick={() => setShown(links)}>
          {trans.__("Show all %1", links.length.toLocaleString("en"))}
        </button>
      )}
    </>
  );
}
