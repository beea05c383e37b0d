import type { PatchOutcome } from "../patches/outcome";
import type { Patch } from "../patches/patch";
import { Tensor } from "../tensor/tensor";
import { annotateActivation } from "./dimensions";
import { engine, type NativeOutcomes, type RunValue } from "./native";
import type { PlacedPatch } from "./patchRun";

/** What is the same for all patches of a run. */
interface RunReport {
  fired: Uint8Array;
  outcomes: NativeOutcomes;
  /** Texts of the tokens that the run was given, where they are known. */
  tokens: string[] | null;
}

/** One patch's outcome, which stays with the addon until it is asked for. */
class RunOutcome implements PatchOutcome {
  constructor(
    private readonly report: RunReport,
    private readonly index: number,
    private readonly placed: PlacedPatch,
  ) {}

  get fired(): boolean {
    return this.report.fired[this.index] !== 0;
  }

  get node(): string {
    return this.placed.info.name;
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

  drop(): void {
    engine.dropOutcome(this.report.outcomes, this.index);
  }
}

/** What a patch did that stands in several places of one run. */
class JointOutcome implements PatchOutcome {
  readonly parts: PatchOutcome[];

  constructor(...parts: PatchOutcome[]) {
    this.parts = parts;
  }

  get fired(): boolean {
    return this.parts.some(({ fired }) => fired);
  }

  get node(): string {
    return this.parts.map(({ node }) => node).join(", ");
  }

  get maxChange(): number | null {
    const changes = this.parts.flatMap(({ maxChange }) => maxChange ?? []);
    return changes.length === 0 ? null : Math.max(...changes);
  }

  takeActivation(): null {
    return null;
  }

  live(): null {
    return null;
  }

  drop(): void {
    for (const part of this.parts) part.drop();
  }
}

/** Tells the patches of a run what they saw and did, and their scopes which of them fired. */
export function deliverOutcomes(report: RunReport, placed: readonly PlacedPatch[]): void {
  const byPatch = new Map<Patch, RunOutcome | JointOutcome>();
  placed.forEach((place, i) => {
    const outcome = new RunOutcome(report, i, place);
    if (outcome.fired) place.scope.fired.add(place.patch);
    const other = byPatch.get(place.patch);
    if (other instanceof JointOutcome) other.parts.push(outcome);
    else byPatch.set(place.patch, other ? new JointOutcome(other, outcome) : outcome);
  });
  for (const [patch, outcome] of byPatch) patch.receive(outcome);
}
