import type { JsonValue } from "./json";
import { readArgument, readSymbolic, readTensorMeta } from "./readArguments";
import type { ArchiveGraph, ArchiveNode, SymbolicNumber } from "./schema";

/** Sub-graphs in sub-graphs: deeper nesting is no model. */
const MAX_DEPTH = 32;

/** @param depth how many graphs this one lies in */
export function readGraph(json: JsonValue, depth: number): ArchiveGraph {
  if (depth > MAX_DEPTH) json.fail("lies too deep in other graphs");
  const argument = (item: JsonValue) => readArgument(item, depth);
  const symbols = new Map<string, SymbolicNumber>();
  for (const table of ["sym_int_values", "sym_bool_values", "sym_float_values"]) {
    for (const [name, value] of json.optional(table).entriesOrNone()) symbols.set(name, readSymbolic(value));
  }
  const tensors = json.field("tensor_values").entries();
  return {
    inputs: json.field("inputs").items().map(argument),
    outputs: json.field("outputs").items().map(argument),
    nodes: json
      .field("nodes")
      .items()
      .map((node) => readNode(node, depth)),
    tensors: new Map(tensors.map(([name, meta]) => [name, readTensorMeta(meta)])),
    devices: new Set(tensors.map(([, meta]) => meta.field("device").field("type").string())),
    symbols,
  };
}

function readNode(json: JsonValue, depth: number): ArchiveNode {
  const metadata = new Map(json.optional("metadata").entriesOrNone());
  const text = (key: string): string => metadata.get(key)?.stringOrNull() ?? "";
  return {
    target: json.field("target").string(),
    name: json.optional("name").stringOrNull() ?? "",
    inputs: json
      .field("inputs")
      .items()
      .map((input) => ({
        name: input.field("name").string(),
        argument: readArgument(input.field("arg"), depth),
      })),
    outputs: json
      .field("outputs")
      .items()
      .map((output) => readArgument(output, depth)),
    moduleStack: text("nn_module_stack"),
    stackTrace: text("stack_trace"),
  };
}
