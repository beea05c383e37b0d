import type { TranslationBundle } from "@jupyterlab/translation";
import { visibleText } from "../text";
import { button, element } from "./elements";

/** Shows code for a place in a picture, with buttons to copy it or to insert it below the picture's cell. */
export class CodeOffer {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly insert: ((code: string) => void) | null,
  ) {
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", trans.__("Code of a cell"));
    this.node.hidden = true;
  }

  readonly node = element("div", "gp-View-offer");

  async show(title: string, code: Promise<string>): Promise<void> {
    const turn = ++this.turn;
    const { trans } = this;
    const status = element("div", "gp-View-offerStatus", trans.__("Asking the kernel for the code…"));
    status.setAttribute("role", "status");
    const close = button(trans.__("Close"), () => this.hide());
    this.node.replaceChildren(element("div", "gp-View-offerTitle", visibleText(title)), status, close);
    this.node.hidden = false;
    try {
      const text = await code;
      if (turn !== this.turn) return;
      const { insert } = this;
      const copy = button(trans.__("Copy"), () => {
        void navigator.clipboard.writeText(text).then(
          () => {
            status.textContent = trans.__("Copied.");
          },
          () => {
            status.textContent = trans.__("The browser did not allow copying: select the code instead.");
          },
        );
      });
      status.textContent = "";
      close.before(
        element("pre", "gp-View-code", text),
        copy,
        ...(insert ? [button(trans.__("Insert below"), () => insert(text))] : []),
      );
    } catch (error) {
      if (turn === this.turn) status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  hide(): void {
    this.turn++;
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  private turn = 0;
}
