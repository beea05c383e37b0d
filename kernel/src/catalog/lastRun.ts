import type { Patch, RunEvent } from "@graphpatch/native";
import type { NodeMark, PatchMark } from "../protocol";
import { formatNumber } from "../views/statistics";

/** What the last run of one graph did, as far as its patches are still there. */
export class LastRun {
  /** Kept until the marks are made: what a patch did is read from it. */
  #patches: RunEvent["patches"] | null = null;
  #marks: NodeMark[] = [];
  /** Probes by node, of all runs. They belong to the user and are not kept alive: their values may be large. */
  readonly #probes = new Map<string, WeakRef<Patch>>();

  record({ patches }: RunEvent): void {
    this.#patches = patches;
    for (const { node, patch } of patches) if (looks(patch)) this.#probes.set(node, new WeakRef(patch));
  }

  /** One entry a node. */
  marks(): NodeMark[] {
    if (this.#patches) {
      this.#marks = marksOf(this.#patches);
      this.#patches = null;
    }
    return this.#marks;
  }

  /** The last probe of the user's that looked at `node`, unless it is gone. */
  probeOf(node: string): Patch | null {
    return this.#probes.get(node)?.deref() ?? null;
  }
}

function looks({ kind }: Patch): boolean {
  return kind === "probe" || kind === "record";
}

function marksOf(patches: RunEvent["patches"]): NodeMark[] {
  const marks = new Map<string, NodeMark>();
  for (const { node, patch } of patches) {
    const mark = marks.get(node) ?? { node, patches: [], isProbed: false };
    marks.set(node, mark);
    if (looks(patch)) mark.isProbed = true;
    else mark.patches.push(patchMark(patch));
  }
  return [...marks.values()];
}

function patchMark(patch: Patch): PatchMark {
  const { fired, maxChange } = patch;
  return { patch: String(patch), fired, maxChange: maxChange === null ? null : formatNumber(maxChange) };
}
