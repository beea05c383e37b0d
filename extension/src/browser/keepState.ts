import type { IStateDB } from "@jupyterlab/statedb";
import type { BrowserModel } from "./model";
import { readState, writeState } from "./savedState";

const KEY = "graphpatch:node-browser";
const SAVE_AFTER_MS = 300;

/** Brings back what was saved, and saves what changes from now on. */
export async function keepState(model: BrowserModel, state: IStateDB): Promise<void> {
  model.restore(readState(await state.fetch(KEY)));
  let isPlanned = false;
  model.changed.connect(() => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      void state.save(KEY, writeState(model.saved));
    }, SAVE_AFTER_MS);
  });
}
