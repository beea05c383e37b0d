import type { ModuleCall, Trace, TracedNode } from "./trace";

/**
 * A module path with list indices joined by `_`: `transformer.h.17.mlp` → `transformer.h_17.mlp`.
 * A leading index has nothing to join to and stays.
 */
export function joinIndices(path: string): string {
  return path.replace(/(?<=[^.])\.(\d+)(?=\.|$)/g, "_$1");
}

/** What nodes of an operator are called: its ATen name without leading underscores (`_softmax`, `__and__`). */
export function operatorLocalName(base: string): string {
  return /^__(\w+)__$/.exec(base)?.[1] ?? base.replace(/^_+/, "");
}

/**
 * Names of module calls. A module that is called several times by the same caller is numbered in order of its calls:
 * `act_0`, `act_1`; what lies below follows.
 */
function nameCalls(root: ModuleCall): Map<ModuleCall, string> {
  const names = new Map<ModuleCall, string>([[root, ""]]);
  const taken = new Set<string>([""]);
  const visit = (call: ModuleCall): void => {
    const total = new Map<unknown, number>();
    for (const child of call.children) total.set(child.module, (total.get(child.module) ?? 0) + 1);
    const seen = new Map<unknown, number>();
    for (const child of call.children) {
      let name = nameBelow(call, child, names.get(call) ?? "");
      if ((total.get(child.module) ?? 0) > 1) {
        const occurrence = seen.get(child.module) ?? 0;
        seen.set(child.module, occurrence + 1);
        name = `${name}_${occurrence}`;
      }
      // Two modules whose numbered names meet (`act_0` as a field, and `act` called twice) are told apart.
      while (taken.has(name)) name = `${name}_`;
      taken.add(name);
      names.set(child, name);
      visit(child);
    }
  };
  visit(root);
  return names;
}

function nameBelow(caller: ModuleCall, child: ModuleCall, callerName: string): string {
  const canonical = joinIndices(child.path);
  if (caller.path === "" || !child.path.startsWith(`${caller.path}.`)) return canonical;
  return callerName + canonical.slice(joinIndices(caller.path).length);
}

/** Full names of all nodes of a trace, in order. */
export function nameNodes(trace: Pick<Trace, "root" | "nodes">): string[] {
  const callNames = nameCalls(trace.root);
  const counters = new Map<ModuleCall, Map<string, number>>();
  const localNames = new Map<object, string>();
  const taken = new Set<string>();

  const numbered = (node: TracedNode): string => {
    if (node.kind !== "operator" && node.kind !== "number" && node.operator !== "constant") return node.local;
    const known = node.spec && localNames.get(node.spec);
    if (known) return known;
    const counts = counters.get(node.call) ?? new Map<string, number>();
    counters.set(node.call, counts);
    let name: string;
    do {
      const count = counts.get(node.local) ?? 0;
      counts.set(node.local, count + 1);
      name = count === 0 ? node.local : `${node.local}_${count}`;
    } while (node.call.reserved.has(name));
    if (node.spec) localNames.set(node.spec, name);
    return name;
  };

  return trace.nodes.map((node) => {
    const module = callNames.get(node.call) ?? "";
    let name =
      node.absolute === null
        ? `${module === "" ? "" : `${module}.`}${numbered(node)}`
        : joinIndices(node.absolute);
    while (taken.has(node.part === "" ? name : `${name}|${node.part}`)) name = `${name}_`;
    if (node.part !== "") name = `${name}|${node.part}`;
    taken.add(name);
    return name;
  });
}

/** Name of the module call a node stands in. */
export function moduleOf(nodeName: string): string {
  const whole = nodeName.split("|")[0];
  const dot = whole.lastIndexOf(".");
  return dot < 0 ? "" : whole.slice(0, dot);
}
