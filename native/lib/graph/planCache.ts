import { engine, type NativeGraph, type NativePlan, type PlanRequest } from "./native";

/** Plans are small, but a sweep asks for many. */
const CAPACITY = 128;

/** Compiled plans of one graph by what was asked for; the least recently used goes first. */
export class PlanCache {
  readonly #plans = new Map<string, NativePlan>();

  constructor(private readonly graph: NativeGraph) {}

  get(request: PlanRequest): NativePlan {
    const { outputs, patched, observed, replaced, changed, packed } = request;
    const key = [outputs, patched, observed, replaced, changed, packed].map(String).join(";");
    const known = this.#plans.get(key);
    const plan = known ?? engine.createPlan(this.graph, request);
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    if (this.#plans.size > CAPACITY) {
      const oldest = this.#plans.keys().next().value;
      if (oldest !== undefined) this.#plans.delete(oldest);
    }
    return plan;
  }
}
