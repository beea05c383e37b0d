import type { CapturedGraph } from "../../graph/capture";
import { indexNodes } from "../../graph/indexNodes";
import { nameNodes } from "../../graph/names";
import { NodeIndex } from "../../graph/nodeIndex";
import type { ArgumentSpec, NodeSpec } from "../../graph/spec";
import type { ModuleCall, NodeKind, TracedNode } from "../../graph/trace";
import type { TensorMeta } from "../archive/schema";
import { ArgumentNames } from "./argumentNames";
import type { Alias, Boundaries } from "./boundaries";
import type { GraphBuilder } from "./builder";
import type { CallSignatures } from "./callSignatures";
import { hintsOf, type IrNode, usesOf } from "./ir";
import type { ModuleCalls } from "./moduleStack";
import { type PlacedOutputs, placeByArguments, placeOutputs } from "./outputPlaces";
import { placeBySiblings, placeHandedOn } from "./relatedPlaces";
import { describeFrame } from "./stackTrace";

/** An input of the whole graph, or a place in what it returns. */
export interface GraphEnd {
  value: number;
  local: string;
  part: string;
  meta: TensorMeta | null;
}

/**
 * Gives arguments and outputs of all module calls their names.
 * @param returned what the model returns
 */
export function nameBoundaries(
  builder: GraphBuilder,
  calls: ModuleCalls,
  boundaries: Boundaries,
  signatures: CallSignatures,
  returned: readonly GraphEnd[],
): void {
  const bySource = new Map(boundaries.aliases.map((alias) => [alias.value, alias]));
  const originOf = (alias: Alias): number => {
    let { source } = alias;
    for (let outer = bySource.get(source); outer; outer = bySource.get(source)) source = outer.source;
    return source;
  };
  const groups = new Map<ModuleCall, { argument: Alias[]; output: Alias[] }>();
  for (const alias of boundaries.aliases) {
    if (alias.kind !== "argument" && alias.kind !== "output") continue;
    const group = groups.get(alias.call) ?? { argument: [], output: [] };
    groups.set(alias.call, group);
    group[alias.kind].push(alias);
  }
  const producers = new Map(
    builder.nodes.flatMap((node) => node.results.map(({ value }) => [value, node] as const)),
  );
  const used = new Set([...builder.nodes.flatMap(usesOf), ...boundaries.aliases.map(({ source }) => source)]);
  const positions = new Map(builder.nodes.map((node, i) => [node, i]));
  const made = { nodes: builder.nodes, positions, producers, used, originOf };
  const names = new ArgumentNames(calls, boundaries.aliases, producers);
  const places: PlacedOutputs[] = [];
  const unnamed: { aliases: Alias[]; known: string[] }[] = [];
  // Before arguments are: `output`, parameters and submodules keep their names where an argument is called the same.
  const fixed = new Map([...groups.keys()].map((call) => [call, new Set(call.reserved)]));
  for (const [call, { argument, output }] of groups) {
    const aliases = signatures.nameArguments(call, argument, originOf);
    aliases.sort((a, b) => a.order - b.order);
    unnamed.push({ aliases, known: argument.map(({ local }) => local) });
    const outputs = signatures.nameOutputs(call, output, originOf);
    if (outputs.length === 0) continue;
    if (outputs.length < output.length) {
      // Kept somewhere by the module's code or a hook on it (`self.seen = h`), and not returned.
      for (const alias of outputs) alias.local = "output_";
      continue;
    }
    const placed = placeOutputs(outputs, made, boundaries.firstNodeOf(call));
    if (placed) places.push(placed);
  }
  for (const { aliases, known } of unnamed) names.name(aliases, known);
  placeBySiblings(places);
  placeHandedOn(places, returned, (call) => new Set(groups.get(call)?.argument.map(({ source }) => source)));
  for (const outputs of places) placeByArguments(outputs, names);
  for (const [call, { argument }] of groups) {
    for (const alias of argument) {
      while (fixed.get(call)?.has(alias.local)) alias.local = `${alias.local}_`;
      call.reserved.add(alias.local);
    }
  }
}

/** What the archive's graph becomes: specification, names, and how it is called. */
export function finish(
  label: string,
  builder: GraphBuilder,
  boundaries: Boundaries,
  inputs: readonly GraphEnd[],
  inputStructure: CapturedGraph["inputStructure"],
  outputs: readonly GraphEnd[],
  outputStructure: CapturedGraph["output"]["structure"],
): CapturedGraph {
  const { root } = builder;
  const specs: NodeSpec[] = [];
  const traced: TracedNode[] = [];
  const added: TracedNode[] = [];
  const order = new Map<TracedNode, number>();
  const push = (node: TracedNode, isAdded = false) => {
    order.set(node, order.size);
    (isAdded ? added : traced).push(node);
  };
  for (const { value, local, part, meta } of inputs) {
    root.reserved.add(local);
    push(node("input", root, local, part, value, meta, "input", null, null));
  }
  for (const item of boundaries.inOrder()) {
    if ("uses" in item) addAlias(item, builder, specs, push);
    else addNode(item, specs, push);
  }
  const values = outputs.map(({ value, part, meta }) => {
    const index = builder.newValue({ call: root, meta });
    const spec = aliasSpec(value, index);
    specs.push(spec);
    push(node("output", root, "output", part, index, meta, "output", spec, null));
    return index;
  });
  // The model's own nodes are numbered first, so that the importer's do not shift them.
  const all = [...traced, ...added];
  const names = nameNodes({ root, nodes: all });
  const sorted = all
    .map((one, i) => ({ one, name: names[i], at: order.get(one) ?? 0 }))
    .sort((a, b) => a.at - b.at);
  const index = new NodeIndex();
  indexNodes(
    index,
    sorted.map(({ one }) => one),
    sorted.map(({ name }) => name),
    (one) => one.code,
  );
  nameGuards(specs, index);
  return {
    label,
    spec: {
      valueCount: builder.values.length,
      inputs: inputs.map(({ value }) => value),
      constants: builder.constants,
      nodes: specs,
    },
    index,
    inputs: sorted
      .filter(({ one }) => one.kind === "input")
      .map(({ one, name }) => ({ name, value: one.value, shape: one.shape ?? [], dtype: one.dtype ?? "" })),
    inputStructure,
    output: { structure: outputStructure, values },
  };
}

function addNode(item: IrNode, specs: NodeSpec[], push: (node: TracedNode, isAdded?: boolean) => void): void {
  const {
    type,
    operator,
    overload,
    args,
    results,
    call,
    local,
    shown,
    when,
    expected,
    message,
    unless,
    autocast,
  } = item;
  const code = describeFrame(item.frames);
  const spec: NodeSpec = {
    type,
    operator,
    overload,
    args,
    results: results.map(({ value }) => value),
    name: "",
    code: code ?? "",
    ...(autocast && { autocast }),
    ...(when && { when }),
    ...(unless && { unless }),
    ...(expected !== undefined && { expected }),
    ...(message !== undefined && { message }),
  };
  specs.push(spec);
  const kind: NodeKind = type === "number" ? "number" : "operator";
  for (const { value, part, meta } of results) {
    if (part !== null) push(node(kind, call, local, part, value, meta, shown, spec, code), item.isAdded);
  }
}

function addAlias(
  alias: Alias,
  builder: GraphBuilder,
  specs: NodeSpec[],
  push: (node: TracedNode) => void,
): void {
  const spec = aliasSpec(alias.source, alias.value);
  specs.push(spec);
  const { meta } = builder.values[alias.value];
  const kind: NodeKind = alias.kind === "constant" ? "buffer" : alias.kind;
  const shown = alias.kind === "constant" && alias.local === "constant" ? "constant" : kind;
  const traced = node(kind, alias.call, alias.local, alias.part, alias.value, meta, shown, spec, null);
  push({ ...traced, absolute: alias.absolute });
}

function aliasSpec(source: number, result: number): NodeSpec {
  const args: ArgumentSpec[] = [{ ref: source }];
  return { type: "alias", operator: "", overload: "", args, results: [result], name: "", code: "" };
}

function node(
  kind: NodeKind,
  call: ModuleCall,
  local: string,
  part: string,
  value: number,
  meta: TensorMeta | null,
  operator: string,
  spec: NodeSpec | null,
  code: string | null,
): TracedNode {
  return {
    kind,
    call,
    local,
    absolute: null,
    part,
    value,
    shape: meta ? hintsOf(meta.sizes) : null,
    dtype: meta?.dtype ?? null,
    operator,
    location: null,
    code,
    spec,
  };
}

/** Guards have no names of their own; messages name what they watch. */
function nameGuards(specs: NodeSpec[], index: NodeIndex): void {
  const names = new Map([...index.infos.keys()].map((name) => [index.resolve(name).value, name]));
  for (const spec of specs) {
    const [watched] = spec.args;
    if (spec.type === "guard" && watched && "ref" in watched)
      spec.name = names.get(watched.ref) ?? "a number";
  }
}
