import type { TranslationBundle } from "@jupyterlab/translation";
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import * as React from "react";
import type { BrowserActions } from "./actions";
import type { BrowserModel } from "./model";
import { isPointedRow } from "./pointedRow";
import type { Pointing } from "./pointing";
import type { Row } from "./rows";
import { type TreeAction, treeAction, typeAhead } from "./treeKeys";
import { TreeRow } from "./treeRow";

const ROW_HEIGHT = 22;
/** Letters typed within this time are one word. */
const TYPE_AHEAD_MS = 700;

export interface TreeViewProps {
  model: BrowserModel;
  actions: BrowserActions;
  trans: TranslationBundle;
  pointing: Pointing;
  focusFilter(): void;
}

/** The tree of modules and nodes; only the rows in sight are in the page. */
export function TreeView({ model, actions, trans, pointing, focusFilter }: TreeViewProps): React.JSX.Element {
  const scroller = React.useRef<HTMLDivElement>(null);
  const typed = React.useRef({ text: "", at: 0 });
  const idPrefix = React.useId();
  const pointedAt = usePointedAt(pointing);
  const rows = model.rows;
  const active = model.activeIndex;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    // The active row stays in the page, because aria-activedescendant refers to it.
    rangeExtractor: React.useCallback((range: Range) => withActive(range, active), [active]),
  });
  React.useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active, { align: "auto" });
  }, [active, virtual]);

  const perform = (action: TreeAction): void => {
    switch (action.do) {
      case "activate":
        model.activate(rows[action.index].id);
        return;
      case "toggle":
        model.toggle(action.id, action.open);
        return;
      case "insert":
        actions.insert(action.path);
        return;
      case "copy":
        actions.copy(action.path);
        return;
      case "go":
        model.go(action.step);
        return;
      case "filter":
        focusFilter();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    const action = treeAction(event, rows, active, page);
    if (action) perform(action);
    else if (!jumpToTyped(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const jumpToTyped = (event: React.KeyboardEvent): boolean => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
    const { text, at } = typed.current;
    const isContinued = event.timeStamp - at < TYPE_AHEAD_MS;
    typed.current = { text: (isContinued ? text : "") + event.key, at: event.timeStamp };
    const index = typeAhead(rows, active, typed.current.text);
    if (index >= 0) perform({ do: "activate", index });
    return true;
  };
  const onClick = (row: Row): void => {
    model.activate(row.id);
    if (row.isExpanded !== null) model.toggle(row.id);
    else if (row.path !== null && model.settings.insertOnClick) actions.insert(row.path);
  };
  const onDoubleClick = (row: Row): void => {
    if (row.path !== null && row.isExpanded === null && !model.settings.insertOnClick) {
      actions.insert(row.path);
    }
  };

  return (
    <div
      ref={scroller}
      className="gp-Tree"
      role="tree"
      tabIndex={0}
      aria-label={trans.__("Nodes of the graph")}
      aria-activedescendant={active >= 0 ? `${idPrefix}${active}` : undefined}
      onKeyDown={onKeyDown}
      onMouseLeave={() => pointing.set(null)}
    >
      <div className="gp-Tree-rows" role="none" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            <TreeRow
              key={row.id}
              row={row}
              domId={`${idPrefix}${item.index}`}
              top={item.start}
              height={ROW_HEIGHT}
              query={model.query}
              marks={model.marks}
              isActive={item.index === active}
              isPointedAt={pointedAt !== null && isPointedRow(row, pointedAt)}
              trans={trans}
              onClick={() => onClick(row)}
              onDoubleClick={() => onDoubleClick(row)}
              onContextMenu={() => model.activate(row.id)}
              onPoint={() => pointing.set(row.path)}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The node that the pointer is on, wherever that is. */
function usePointedAt(pointing: Pointing): string | null {
  const [node, setNode] = React.useState(pointing.node);
  React.useEffect(() => {
    const update = (): void => setNode(pointing.node);
    pointing.changed.connect(update);
    return () => void pointing.changed.disconnect(update);
  }, [pointing]);
  return node;
}

function withActive(range: Range, active: number): number[] {
  const indexes = defaultRangeExtractor(range);
  if (active >= 0 && active < range.count && !indexes.includes(active)) indexes.push(active);
  return indexes.sort((a, b) => a - b);
}
