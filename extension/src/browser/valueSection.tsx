import type { NodeValue } from "@graphpatch/kernel/protocol";
import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { formatValue } from "../renderers/numbers";
import type { BrowserModel } from "./model";

/** Statistics of what a probe saw last at a node, asked for again after each run that looked there. */
export function ValueSection({
  model,
  node,
  trans,
}: {
  model: BrowserModel;
  node: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { source, graph, marks } = model;
  const [known, setKnown] = React.useState<{ node: string; value: NodeValue } | null>(null);
  const graphId = graph?.id ?? null;
  // A new object after each run.
  const { probed } = marks;
  const runs = marks.live.get(node);
  // `probed` and `runs` are news of a run, and a reason to ask again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  React.useEffect(() => {
    let isCurrent = true;
    const ask = async (): Promise<void> => {
      if (!source || graphId === null) return;
      const value = await source.requestValue(graphId, node);
      if (isCurrent) setKnown(value && { node, value });
    };
    void ask();
    return () => {
      isCurrent = false;
    };
  }, [source, graphId, node, probed, runs]);
  if (known?.node !== node) return null;
  const { min, max, mean, std, nan, inf } = known.value.statistics;
  const entries: [string, number | null][] = [
    [trans.__("min"), min],
    [trans.__("max"), max],
    [trans.__("mean"), mean],
    [trans.__("std"), std],
  ];
  return (
    <>
      <h3 className="gp-Detail-title">{trans.__("Last probed value")}</h3>
      <dl className="gp-Statistics">
        {entries.map(([term, number]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{number === null ? "–" : formatValue(number)}</dd>
          </div>
        ))}
      </dl>
      {nan + inf > 0 && (
        <p className="gp-Warning">
          {[
            nan > 0 && trans.__("%1 NaN", nan.toLocaleString("en")),
            inf > 0 && trans.__("%1 infinite", inf.toLocaleString("en")),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      )}
    </>
  );
}
