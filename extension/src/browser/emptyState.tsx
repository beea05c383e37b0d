import type { TranslationBundle } from "@jupyterlab/translation";
import type * as React from "react";
import type { ICatalogModel } from "../tokens";

/** Says why there is nothing to see, and what to run. */
export function EmptyState({
  source,
  trans,
}: {
  source: ICatalogModel | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  if (!source) {
    return <Message text={trans.__("Open a notebook to see the nodes of its graphs here.")} />;
  }
  switch (source.status) {
    case "connecting":
      return <Message text={trans.__("Waiting for the kernel…")} />;
    case "elsewhere":
      return (
        <Message
          text={trans.__(
            "Another tab of this page, such as a console, receives the messages of this kernel. Close it and reload the page to see the nodes here.",
          )}
        />
      );
    default:
      return source.language === null || source.language === "typescript" ? (
        <Message
          text={trans.__("This kernel has no graph yet. Capture one:")}
          code="const pg = await PatchableGraph.capture(model, inputs);"
        />
      ) : (
        <Message
          text={trans.__(
            "The kernel of this notebook (%1) has no graph. Graphs live in kernels of the kind “TypeScript (graphpatch)”; choose one with Kernel ▸ Change Kernel….",
            source.language,
          )}
        />
      );
  }
}

function Message({ text, code }: { text: string; code?: string }): React.JSX.Element {
  return (
    <div className="gp-Empty">
      <p>{text}</p>
      {code && (
        <pre>
          <code>{code}</code>
        </pre>
      )}
    </div>
  );
}
