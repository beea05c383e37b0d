import type { Patch } from "@graphpatch/native";
import { formatNumber } from "../../views/statistics";
import { tableHtml } from "../html";

/** What each patch is, where it was in the last run, and what it did there. */
export function patchesHtml(patches: readonly { node: string | null; patch: Patch }[]): string {
  return tableHtml(
    ["patch", "node", "fired", "changed by up to", "saw"],
    patches.map(({ node, patch }) => [
      String(patch),
      node ?? patch.node ?? "–",
      patch.fired ? "yes" : "no",
      patch.maxChange === null ? "–" : formatNumber(patch.maxChange),
      patch.observes ? patch.describe().replace(/^saw /, "") : "–",
    ]),
  );
}
