// A set-up file of vitest: notes which operators the tests call, and which the graphs they run hold. It stands at the
// addon's border and wraps its functions when a test first loads it, so the product knows nothing of it.
import { afterAll, expect } from "vitest";
import type { Binding } from "../../native/lib/binding";
import type { NativeGraph, NativePlan, NativeRun } from "../../native/lib/graph/native";
import { recordOperator, writeOperatorRecord } from "./operatorRecord";
import { decidingDType, GraphUses } from "./operatorUses";

/** What a call looks like from outside, so that the same call is looked into once. */
function outline(addon: Binding, value: unknown): string {
  if (addon.isTensor(value)) return addon.dtype(value);
  if (Array.isArray(value)) return `[${value.map((item) => outline(addon, item))}]`;
  return typeof value;
}

/** Notes single calls, after they have gone well. */
function watchCalls(addon: Binding): void {
  const { call, callResolved, resolve } = addon;
  const known = new Set<string>();
  const note = (operator: string, overload: string, args: readonly unknown[], result: unknown) => {
    const dtype = decidingDType(addon, operator, args, result);
    if (dtype !== null) recordOperator("called", operator, overload, dtype);
  };
  addon.call = (name, args, kwargs, grad) => {
    const before = `${name}${outline(addon, args)}${outline(addon, Object.entries(kwargs ?? {}))}`;
    const result = call(name, args, kwargs, grad);
    if (known.has(before)) return result;
    known.add(before);
    const { operator, overload, args: ordered } = resolve(name, args, kwargs);
    note(operator, overload, ordered, result);
    return result;
  };
  addon.callResolved = (operator, overload, args, grad) => {
    const result = callResolved(operator, overload, args, grad);
    note(operator, overload, args, result);
    return result;
  };
}

/** Notes the nodes of a plan when its first run is over. */
function watchGraphs(addon: Binding): void {
  const { createGraph, createPlan, startRun, advanceRun } = addon;
  const originals = { ...addon };
  const graphs = new WeakMap<NativeGraph, GraphUses>();
  const plans = new WeakMap<NativePlan, { graph: GraphUses; steps: string[] }>();
  const runs = new WeakMap<NativeRun, () => void>();
  addon.createGraph = (spec) => {
    const graph = createGraph(spec);
    graphs.set(graph, new GraphUses(originals, spec));
    return graph;
  };
  addon.createPlan = (graph, request) => {
    const plan = createPlan(graph, request);
    const uses = graphs.get(graph);
    if (uses) plans.set(plan, { graph: uses, steps: addon.planSteps(plan) });
    return plan;
  };
  addon.startRun = (plan, inputs, ...rest) => {
    const run = startRun(plan, inputs, ...rest);
    const known = plans.get(plan);
    if (known === undefined) return run;
    plans.delete(plan);
    const uses = known.graph.of(inputs);
    runs.set(run, () => {
      for (const step of known.steps) {
        const use = uses.get(step);
        if (use) recordOperator("graph", use.operator, use.overload, use.dtype);
      }
    });
    return run;
  };
  addon.advanceRun = async (run, ...rest) => {
    const progress = await advanceRun(run, ...rest);
    if (progress.done) runs.get(run)?.();
    return progress;
  };
}

const { dlopen } = process;
process.dlopen = (module, path, ...flags) => {
  dlopen.call(process, module, path, ...flags);
  if (!path.endsWith("graphpatch.node")) return;
  const addon = (module as { exports: Binding }).exports;
  watchGraphs(addon);
  watchCalls(addon);
};

afterAll(() => {
  process.dlopen = dlopen;
  const { testPath } = expect.getState();
  // What is said of operators is said of the processor's.
  if (testPath && !/[/\\]test[/\\]devices[/\\]/.test(testPath)) writeOperatorRecord(testPath);
});
