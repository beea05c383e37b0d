import { UnsupportedExportError } from "../../errors";
import type { SymbolRange } from "../../graph/inputConstraints";
import { type JsonValue, parseJson } from "./json";
import { readArgument, readTensorMeta } from "./readArguments";
import { readGraph } from "./readGraph";
import type { ExportedProgram, InputSpec, ModuleSignature, OutputSpec, Payload } from "./schema";

/** The major version that PyTorch raises when older readers would misread an archive. */
const SCHEMA_MAJOR = 8;

/**
 * Reads `models/NAME.json`.
 * @throws CorruptFileError naming the place of what does not fit the format.
 * @throws UnsupportedExportError for a format newer than this package.
 */
export function readProgram(text: string, source: string): ExportedProgram {
  const json = parseJson(text, source);
  const major = json.field("schema_version").field("major").smallInteger();
  if (major !== SCHEMA_MAJOR) {
    throw new UnsupportedExportError(
      `${source} has format version ${major}; this package reads version ${SCHEMA_MAJOR} (torch 2.8 to 2.15)`,
    );
  }
  const module = json.field("graph_module");
  const signature = module.field("signature");
  return {
    torchVersion: json.optional("torch_version").stringOrNull() ?? "",
    graph: readGraph(module.field("graph"), 0),
    inputs: signature.field("input_specs").items().map(readInput),
    outputs: signature.field("output_specs").items().map(readOutput),
    moduleCalls: readModuleCalls(module.field("module_call_graph")),
    namedTuples: new Map(
      module
        .optional("treespec_namedtuple_fields")
        .entriesOrNone()
        .map(([name, definition]) => [
          name,
          definition
            .field("field_names")
            .items()
            .map((field) => field.string()),
        ]),
    ),
    ranges: new Map(
      json
        .optional("range_constraints")
        .entriesOrNone()
        .map(([symbol, range]) => [symbol, readRange(range)]),
    ),
    guards: json
      .optional("guards_code")
      .itemsOrNone()
      .map((guard) => guard.string()),
  };
}

function readInput(json: JsonValue): InputSpec {
  const [kind, spec] = json.variant();
  const value = () => spec.field("arg").field("name").string();
  switch (kind) {
    case "parameter":
      return { kind, value: value(), target: spec.field("parameter_name").string() };
    case "buffer":
      return { kind, value: value(), target: spec.field("buffer_name").string() };
    case "tensor_constant":
      return { kind: "constant", value: value(), target: spec.field("tensor_constant_name").string() };
    case "user_input":
      return { kind: "user", argument: readArgument(spec.field("arg"), 0) };
    case "constant_input":
      return { kind: "fixed", name: spec.field("name").string(), value: readFixed(spec.field("value")) };
    default:
      return { kind: "unsupported", what: kind };
  }
}

function readFixed(json: JsonValue): unknown {
  const [kind, value] = json.variant();
  switch (kind) {
    case "as_none":
      return null;
    case "as_int":
      return value.integer();
    case "as_float":
      return value.float();
    case "as_string":
      return value.string();
    case "as_bool":
      return value.boolean();
    default:
      return value.fail("is no constant");
  }
}

const MUTATIONS: ReadonlyMap<string, string> = new Map([
  ["buffer_mutation", "buffer_name"],
  ["parameter_mutation", "parameter_name"],
  ["user_input_mutation", "user_input_name"],
]);

function readOutput(json: JsonValue): OutputSpec {
  const [kind, spec] = json.variant();
  if (kind === "user_output") return { kind: "user", argument: readArgument(spec.field("arg"), 0) };
  const target = MUTATIONS.get(kind);
  const named = () => ({ kind: "value", name: spec.field("arg").field("name").string() }) as const;
  if (target) return { kind: "mutation", argument: named(), target: spec.field(target).string() };
  if (kind === "loss_output") return { kind: "user", argument: named() };
  throw new UnsupportedExportError(
    `${json.place} is a ${kind}; graphs of a training step's gradients or effects cannot be run`,
  );
}

function readModuleCalls(json: JsonValue): Map<string, ModuleSignature> {
  const calls = new Map<string, ModuleSignature>();
  for (const entry of json.items()) {
    const signature = entry.optional("signature");
    if (signature.isNull) continue;
    const names = signature.optional("forward_arg_names");
    calls.set(entry.field("fqn").string(), {
      inputs: readLeaves(signature.field("inputs")),
      outputs: readLeaves(signature.field("outputs")),
      inputTree: signature.field("in_spec").string(),
      outputTree: signature.field("out_spec").string(),
      argumentNames: names.isNull ? null : names.items().map(readArgumentName),
    });
  }
  return calls;
}

function readArgumentName(json: JsonValue): string {
  const name = json.string();
  return /[|\s\0]/.test(name) ? json.fail("is no name of an argument") : name;
}

function readLeaves(json: JsonValue) {
  return json.items().map((leaf) => readArgument(leaf, 0));
}

function readRange(json: JsonValue): SymbolRange {
  const bound = (name: string): number | null => {
    const value = json.optional(name);
    return value.isNull ? null : Number(value.integer());
  };
  return { min: bound("min_val"), max: bound("max_val") };
}

/**
 * Reads `weights_config.json` or `constants_config.json`: names and where each lies.
 * @param folder of the entries
 */
export function readPayloads(text: string, source: string, folder: string): Map<string, Payload> {
  return new Map(
    parseJson(text, source)
      .field("config")
      .entries()
      .map(([name, payload]) => {
        const meta = payload.optional("tensor_meta");
        return [
          name,
          {
            entry: folder + payload.field("path_name").string(),
            usesPickle: payload.field("use_pickle").boolean(),
            meta: meta.isNull ? null : readTensorMeta(meta),
          },
        ];
      }),
  );
}
