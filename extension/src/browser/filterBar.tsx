import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { NODE_FILTERS, type NodeFilter } from "./filters";
import type { BrowserModel } from "./model";

export interface FilterBarProps {
  model: BrowserModel;
  trans: TranslationBundle;
  inputRef: React.RefObject<HTMLInputElement>;
  /** The user goes on to the rows found. */
  onEnterTree(): void;
  /** The user takes the first node found. */
  onAccept(): void;
}

/** Where one types what to look for, and the quick filters beneath. */
export function FilterBar({
  model,
  trans,
  inputRef,
  onEnterTree,
  onAccept,
}: FilterBarProps): React.JSX.Element {
  const [text, setText] = React.useState(model.queryText);
  const shown = React.useRef(model.queryText);
  // The model's own changes (clear, reveal) replace what stands in the field.
  if (shown.current !== model.queryText) {
    shown.current = model.queryText;
    if (text !== model.queryText) setText(model.queryText);
  }
  const apply = (typed: string): void => {
    setText(typed);
    shown.current = typed;
    model.queryText = typed;
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === "ArrowDown") {
      onEnterTree();
    } else if (event.key === "Enter") {
      onAccept();
    } else if (event.key === "Escape" && text !== "") {
      apply("");
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <search className="gp-FilterBar">
      <input
        ref={inputRef}
        type="search"
        className="gp-FilterBar-input jp-mod-styled"
        placeholder={trans.__("Filter nodes")}
        title={trans.__(
          "Words are looked for in name, operator, dtype, shape and code. In one field only: op:mul  shape:576  dtype:f32  module:GELU  code:softmax",
        )}
        aria-label={trans.__("Filter nodes")}
        spellCheck={false}
        value={text}
        onChange={(event) => apply(event.target.value)}
        onFocus={() => model.warmUp()}
        onKeyDown={onKeyDown}
      />
      <fieldset className="gp-Chips" aria-label={trans.__("Show only")}>
        {NODE_FILTERS.map((filter) => (
          <button
            key={filter}
            type="button"
            className="gp-Chip"
            aria-pressed={model.filters.has(filter)}
            onClick={() => model.toggleFilter(filter)}
          >
            {filterLabel(filter, trans)}
          </button>
        ))}
      </fieldset>
    </search>
  );
}

function filterLabel(filter: NodeFilter, trans: TranslationBundle): string {
  switch (filter) {
    case "operators":
      return trans.__("Operators");
    case "tensors":
      return trans.__("Tensors");
    case "parameters":
      return trans.__("Parameters");
    case "attention":
      return trans.__("Attention");
    case "patched":
      return trans.__("Patched");
    case "probed":
      return trans.__("Probed");
  }
}
