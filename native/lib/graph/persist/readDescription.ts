import { registeredOperator } from "../../dispatch/library";
import { CorruptFileError, UnknownOperatorError, UnsafeFileError } from "../../errors";
import { isDeviceName } from "../../tensor/devices";
import { DTYPES, type DType } from "../../tensor/dtype";
import { checkJsonExtent, duplicateKey, parseJsonObject } from "../../weights/jsonText";
import type { CapturedGraph } from "../capture";
import type { InputConstraints } from "../inputConstraints";
import { NodeIndex } from "../nodeIndex";
import { operatorRefusal } from "../operatorRule";
import { type ArgumentSpec, AUTOCAST_DTYPES, type GraphSpec, type NodeSpec, type NodeType } from "../spec";
import type { NodeKind } from "../trace";
import { EXTENT, FORMAT_VERSION, MAX_NAME, MAX_RANK, MAX_SEGMENTS } from "./format";
import { JsonPlace } from "./jsonPlace";
import type { Layout } from "./layout";
import { decodeValue } from "./plainValue";
import { decodeStructure } from "./structures";

/** A graph without its tensors, which the description only names. */
export interface ReadGraph extends Omit<CapturedGraph, "spec"> {
  spec: Omit<GraphSpec, "constants">;
  tensors: NamedTensor[];
}

export interface NamedTensor {
  value: number;
  name: string;
  /** The tensor of the file that has its values. */
  stored: string;
  layout: Layout;
  /** Where it was. */
  device: string;
}

const NODE_TYPES: readonly NodeType[] = [
  "operator",
  "alias",
  "number",
  "guard",
  "merge",
  "javascript",
  "loop",
  "while",
  "repeat",
];
const KINDS: readonly NodeKind[] = [
  "operator",
  "argument",
  "output",
  "parameter",
  "buffer",
  "input",
  "number",
];

/**
 * Reads a graph's description, which may come from anybody: every field is checked, and the operators are those that a
 * file may hold. That values are made before they are used and arguments fit their operators is checked by the addon when
 * the graph is made.
 *
 * @param source the file, for messages
 * @throws CorruptFileError naming the field that is wrong; UnsafeFileError naming the node whose operator is refused;
 *   UnknownOperatorError naming the node.
 */
export function readDescription(text: string, source: string): ReadGraph {
  checkJsonExtent(text, EXTENT, `${source}: the description`);
  const root = new JsonPlace(parseJsonObject(text, `${source}: the description`), source);
  const duplicate = duplicateKey(text);
  if (duplicate !== null)
    throw new CorruptFileError(`${source}: the description has the key "${duplicate}" twice`);
  checkVersion(root.get("version"), source);
  const inputs = root.get("inputs").items().map(readInput);
  const tensors = root.get("tensors").items().map(readTensor);
  const nodes = root
    .get("nodes")
    .items()
    .map((place) => readNode(place, source));
  const made = inputs.length + tensors.length + nodes.reduce((sum, { results }) => sum + results.length, 0);
  const values = root.get("output").get("values");
  const operators = new Map(
    nodes.flatMap(({ type, operator }) => {
      const implementation = type === "javascript" ? registeredOperator(operator) : undefined;
      return implementation ? [[operator, implementation] as const] : [];
    }),
  );
  return {
    ...(operators.size > 0 && { operators }),
    ...(root.has("parameters") && { parameters: readParameters(root.get("parameters")) }),
    ...(root.has("constraints") && { constraints: readConstraints(root.get("constraints"), inputs.length) }),
    label: root.get("label").text(MAX_NAME),
    spec: {
      valueCount: root.get("valueCount").integer(made, made),
      inputs: inputs.map(({ value }) => value),
      nodes,
    },
    tensors,
    inputs,
    inputStructure: decodeStructure(root.get("inputStructure"), inputs.length),
    output: {
      structure: decodeStructure(root.get("output").get("structure"), values.items().length),
      values: values.integers(0, made - 1),
    },
    index: readNames(root.get("names"), made),
  };
}

function readParameters(place: JsonPlace): string[] {
  return place.items().map((name) => name.text(MAX_NAME));
}

function readConstraints(place: JsonPlace, inputCount: number): InputConstraints {
  const sizes = place.get("sizes").items();
  if (sizes.length !== inputCount) return place.get("sizes").fail(`the sizes of ${inputCount} inputs`);
  const bound = (range: JsonPlace, key: string) =>
    range.get(key).orNull((limit) => limit.integer(Number.MIN_SAFE_INTEGER));
  return {
    sizes: sizes.map((dims) =>
      dims.items().map((size) => (typeof size.value === "string" ? size.text() : size.integer())),
    ),
    ranges: Object.fromEntries(
      place
        .get("ranges")
        .pairs()
        .map(([symbol, range]) => [symbol, { min: bound(range, "min"), max: bound(range, "max") }]),
    ),
    guards: place
      .get("guards")
      .items()
      .map((guard) => guard.text()),
  };
}

function checkVersion(place: JsonPlace, source: string): void {
  const version = place.integer(1);
  if (version > FORMAT_VERSION) {
    throw new CorruptFileError(
      `${source}: the graph was saved by a newer graphpatch (format ${version}; this version reads ${FORMAT_VERSION})`,
    );
  }
}

function readShape(place: JsonPlace): number[] {
  const shape = place.integers();
  return shape.length <= MAX_RANK ? shape : place.fail(`a shape of at most ${MAX_RANK} dimensions`);
}

function readStrides(place: JsonPlace, shape: number[] | null): number[] | undefined {
  if (place.isMissing) return undefined;
  const strides = place.integers();
  return strides.length === shape?.length ? strides : place.fail("one stride for each dimension");
}

function readDtype(place: JsonPlace): DType {
  return place.oneOf(DTYPES);
}

function readInput(place: JsonPlace): CapturedGraph["inputs"][number] {
  return {
    name: place.get("name").text(MAX_NAME),
    value: place.get("value").integer(),
    shape: readShape(place.get("shape")),
    // A number has no dtype.
    dtype: place.get("dtype").value === "" ? "" : readDtype(place.get("dtype")),
  };
}

function readTensor(place: JsonPlace): NamedTensor {
  const name = place.get("name").text();
  return {
    value: place.get("value").integer(),
    name,
    stored: place.has("sameAs") ? place.get("sameAs").text() : name,
    layout: {
      strides: place.has("strides") ? place.get("strides").integers() : null,
      alignment: place.has("alignment") ? place.get("alignment").integer() : 0,
    },
    device: place.has("device") ? readDevice(place.get("device")) : "cpu",
  };
}

function readDevice(place: JsonPlace): string {
  const device = place.text(MAX_NAME);
  // A tensor of the meta device has no values.
  return isDeviceName(device) && !device.startsWith("meta")
    ? device
    : place.fail('a device ("cpu", "cuda:0")');
}

function readNode(place: JsonPlace, source: string): NodeSpec {
  const node: NodeSpec = {
    type: place.get("type").oneOf(NODE_TYPES),
    operator: place.get("operator").text(MAX_NAME),
    overload: place.get("overload").text(MAX_NAME),
    args: place
      .get("args")
      .items()
      .map((argument) => argument.orNull(readArgument)),
    results: place.get("results").integers(),
    name: place.get("name").text(MAX_NAME),
    code: place.get("code").text(),
  };
  if (place.has("expected")) node.expected = place.get("expected").integer(Number.MIN_SAFE_INTEGER);
  if (place.has("message")) node.message = place.get("message").text();
  if (place.has("autocast")) node.autocast = place.get("autocast").oneOf(AUTOCAST_DTYPES);
  if (place.has("when")) {
    const when = place.get("when");
    node.when = { value: when.get("value").integer(), expected: when.get("expected").flag() };
  }
  if (place.has("unless")) {
    const unless = place.get("unless");
    const watched = unless.get("watched").items();
    node.unless = {
      other: unless.get("other").integer(),
      watched: watched.map((values) => values.integers()),
    };
  }
  if (node.type === "operator") checkOperator(node, source);
  if (node.type === "javascript") node.operator = checkRegistered(node, source);
  if (node.operator === "aten::arange" && node.args.some(isHuge)) {
    place.get("args").fail("numbers whose differences have 64 bits");
  }
  return node;
}

/** PyTorch divides the difference of a range's ends by its step unchecked; one that overflows ends the process. */
function isHuge(argument: ArgumentSpec | null): boolean {
  if (argument === null || !("constant" in argument)) return false;
  const { constant } = argument;
  return typeof constant === "bigint" || (Number.isInteger(constant) && !Number.isSafeInteger(constant));
}

/** @throws UnknownOperatorError for an operator written in TypeScript that nobody has registered. */
function checkRegistered({ operator, name }: NodeSpec, source: string): string {
  if (registeredOperator(operator)) return operator;
  throw new UnknownOperatorError(
    `${source}: node ${name} has the operator ${operator}, which is written in TypeScript; give it its implementation before loading: torch.library.register("${operator}", (…) => …)`,
  );
}

function checkOperator({ operator, overload, name }: NodeSpec, source: string): void {
  let refusal: string | null;
  try {
    refusal = operatorRefusal(operator, overload);
  } catch (error) {
    if (!(error instanceof UnknownOperatorError)) throw error;
    throw new UnknownOperatorError(`${source}: node ${name}: ${error.message}`);
  }
  if (refusal === null) return;
  const operatorName = overload === "" ? operator : `${operator}.${overload}`;
  throw new UnsafeFileError(
    `${source}: node ${name} has the operator ${operatorName}, which is refused: ${refusal}`,
  );
}

function readArgument(place: JsonPlace): ArgumentSpec {
  if (!place.has("list")) return readElement(place);
  return { list: place.get("list").items().map(readElement) };
}

function readElement(place: JsonPlace): { ref: number } | { constant: unknown; isFloat?: boolean } {
  if (place.has("ref")) return { ref: place.get("ref").integer() };
  const constant = decodeValue(place.get("constant"));
  return place.has("isFloat") ? { constant, isFloat: true } : { constant };
}

function readNames(place: JsonPlace, valueCount: number): NodeIndex {
  const index = new NodeIndex();
  let segments = 0;
  for (const entry of place.items()) {
    const name = entry.get("name").text(MAX_NAME);
    if (name === "" || index.infos.has(name)) entry.get("name").fail("a name that no other node has");
    segments += name.split(/[.|]/).length;
    if (segments > MAX_SEGMENTS) place.fail(`names of at most ${MAX_SEGMENTS} parts in all`);
    const shape = entry.get("shape").orNull(readShape);
    index.add(
      {
        name,
        kind: entry.get("kind").oneOf(KINDS),
        operator: entry.get("operator").text(2 * MAX_NAME),
        shape,
        strides: readStrides(entry.get("strides"), shape),
        dtype: entry.get("dtype").orNull(readDtype),
        module: entry.get("module").text(MAX_NAME),
        moduleType: entry.get("moduleType").text(MAX_NAME),
        code: entry.get("code").orNull((code) => code.text()),
      },
      entry.get("value").integer(0, valueCount - 1),
    );
  }
  return index;
}
