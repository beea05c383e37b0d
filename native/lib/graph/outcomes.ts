import type { PatchOutcome } from "../patches/outcome";
import { Tensor } from "../tensor/tensor";
import { annotateActivation } from "./dimensions";
import { engine, type NativeOutcomes, type RunValue } from "./native";
import type { PlacedPatch } from "./patchRun";

/** What is the same for all patches of a run. */
export interface RunReport {
  fired: Uint8Array;
  outcomes: NativeOutcomes;
  /** Texts of the tokens that the run was given, where they are known. */
  tokens: string[] | null;
}

/** One patch's outcome, which stays with the addon until it is asked for. */
export class RunOutcome implements PatchOutcome {
  constructor(
    private readonly report: RunReport,
    private readonly index: number,
    private readonly placed: PlacedPatch,
  ) {}

  get fired(): boolean {
    return this.report.fired[this.index] !== 0;
  }

  get maxChange(): number | null {
    return engine.patchMaxChange(this.report.outcomes, this.index);
  }

  takeActivation(): RunValue | null {
    const activation = engine.takeActivation(this.report.outcomes, this.index);
    if (activation instanceof Tensor && this.placed.patch.slice === null) {
      annotateActivation(activation, this.placed.info, this.report.tokens);
    }
    return activation;
  }

  live(): Tensor | null {
    return engine.patchLive(this.report.outcomes, this.index);
  }
}
