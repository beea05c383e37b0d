import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import {
  type ICompletionContext,
  type ICompletionProvider,
  ICompletionProviderManager,
} from "@jupyterlab/completer";
import type { Kernel } from "@jupyterlab/services";
import { NAMESPACE } from "../tokens";
import { OrderedModel } from "./orderedModel";

/** Above JupyterLab's own, because the first provider makes the model. */
const RANK = 1000;
/** `implementation` in our kernel's description, whatever its spec is called. */
const OUR_KERNEL = "graphpatch";

/**
 * Keeps the order of our kernel's completions (natural, and of its choosing). It offers nothing of its own: names come from the kernel, as in
 * every other front end, and so none is there twice.
 */
class KernelOrder implements ICompletionProvider {
  readonly identifier = `${NAMESPACE}:kernel-order`;
  readonly rank = RANK;
  readonly renderer = null;
  readonly #ours = new WeakMap<Kernel.IKernelConnection, boolean>();

  async isApplicable(): Promise<boolean> {
    return false;
  }

  async fetch(): Promise<{ start: number; end: number; items: [] }> {
    return { start: 0, end: 0, items: [] };
  }

  async modelFactory(context: ICompletionContext): Promise<OrderedModel> {
    return new OrderedModel(() => this.#isOurs(context.session?.kernel ?? null));
  }

  /** Whether the kernel is known to be ours by now. */
  #isOurs(kernel: Kernel.IKernelConnection | null): boolean {
    if (!kernel) return false;
    const known = this.#ours.get(kernel);
    if (known !== undefined) return known;
    this.#ours.set(kernel, false);
    kernel.info.then(
      ({ implementation }) => this.#ours.set(kernel, implementation === OUR_KERNEL),
      () => this.#ours.delete(kernel),
    );
    return false;
  }
}

export const completionPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:completion`,
  description: "Shows the kernel's completions in the kernel's order.",
  autoStart: true,
  optional: [ICompletionProviderManager],
  activate: (_app, manager: ICompletionProviderManager | null) => {
    manager?.registerProvider(new KernelOrder());
  },
};
