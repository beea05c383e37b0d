import { ArgumentError, DtypeError, ShapeError } from "../errors";
import { Tensor } from "../tensor/tensor";
import type { CapturedGraph } from "./capture";
import { inputsOnDevice } from "./graphOnDevice";
import type { RunValue } from "./native";
import { bindParameters } from "./parameterInputs";
import { flatten, isDictionary, type Structure } from "./structure";

/** What a run is given: the model's arguments; a dictionary for a model whose forward takes one. */
export type RunInputs = Tensor | readonly unknown[] | object;

/** Arguments of the model's forward from what the user gave. */
export function forwardArguments(inputs: RunInputs): unknown[] {
  if (inputs instanceof Tensor) return [inputs];
  if (Array.isArray(inputs)) return [...inputs];
  // A copy of the own enumerable keys: what a tokenizer returns is a class with methods.
  return [{ ...inputs }];
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined;
}

/**
 * Compares how the values are nested, and those that are not tensors, with the captured example. `path` is for
 * messages.
 */
function checkStructure(before: Structure, now: Structure, path: string): void {
  const captured = opened(before);
  const given = opened(now);
  const where = path === "" ? "the inputs" : `input ${path}`;
  if (captured.type === "plain" || given.type === "plain") {
    if (captured.type === "plain" && given.type === "plain" && samePlain(captured.value, given.value)) return;
    throw new ArgumentError(
      `${where}: the graph was captured with ${describe(captured)} and is given ${describe(given)}; capture the model again with this kind of input`,
    );
  }
  if (captured.type !== given.type) {
    throw new ArgumentError(`${where}: captured as a ${captured.type}, given as a ${given.type}`);
  }
  if (captured.type === "tuple" && given.type === "tuple") {
    const count = Math.max(captured.items.length, given.items.length);
    for (let i = 0; i < count; i++)
      checkStructure(captured.items[i] ?? ABSENT, given.items[i] ?? ABSENT, `${path}[${i}]`);
  }
  if (captured.type === "dict" && given.type === "dict") {
    const old = new Map(captured.entries);
    const current = new Map(given.entries);
    for (const key of new Set([...old.keys(), ...current.keys()])) {
      checkStructure(
        old.get(key) ?? ABSENT,
        current.get(key) ?? ABSENT,
        path === "[0]" || path === "" ? key : `${path}.${key}`,
      );
    }
  }
}

const ABSENT: Structure = { type: "plain", value: undefined };

/** A dictionary or list without tensors is one plain value; here its parts are looked at. */
function opened(structure: Structure): Structure {
  if (structure.type !== "plain") return structure;
  const plain = (value: unknown): Structure => ({ type: "plain", value });
  if (Array.isArray(structure.value)) return { type: "tuple", items: structure.value.map(plain) };
  if (!isDictionary(structure.value)) return structure;
  return {
    type: "dict",
    entries: Object.entries(structure.value).map(([key, value]) => [key, plain(value)]),
  };
}

function samePlain(before: unknown, now: unknown): boolean {
  return Object.is(before, now) || (isAbsent(before) && isAbsent(now));
}

function describe(structure: Structure): string {
  if (structure.type === "leaf") return "a tensor";
  if (structure.type !== "plain") return `a ${structure.type}`;
  return isAbsent(structure.value) ? "nothing" : (JSON.stringify(structure.value) ?? typeof structure.value);
}

/**
 * The tensors of `inputs` in the order of the graph's inputs, where the graph computes.
 * @throws ArgumentError when an input is missing, or was not part of the capture.
 * @throws DtypeError, ShapeError when a tensor's dtype or number of dimensions differs from the captured one, or an
 *   exported model was promised other sizes.
 */
export function bindInputs(graph: CapturedGraph, inputs: RunInputs): RunValue[] {
  return inputsOnDevice(graph, boundInputs(graph, inputs));
}

function boundInputs(graph: CapturedGraph, inputs: RunInputs): RunValue[] {
  if (graph.parameters) return bindParameters(graph, graph.parameters, inputs);
  const { structure, leaves } = flatten(forwardArguments(inputs), isTensor);
  checkStructure(graph.inputStructure, structure, "");
  // Keys may come in another order than at capture.
  const order = leafOrder(graph.inputStructure, structure);
  return graph.inputs.map((expected, i) => {
    const tensor = leaves[order[i]].value;
    checkTensor(expected, tensor);
    return tensor;
  });
}

/** @throws DtypeError, ShapeError when the tensor differs from the captured one in dtype or rank. */
export function checkTensor(expected: CapturedGraph["inputs"][number], tensor: Tensor): void {
  if (tensor.dtype !== expected.dtype) {
    throw new DtypeError(`input ${expected.name}: captured as ${expected.dtype}, given as ${tensor.dtype}`);
  }
  if (tensor.shape.length !== expected.shape.length) {
    throw new ShapeError(
      `input ${expected.name}: captured with ${expected.shape.length} dimensions [${expected.shape.join(", ")}], given [${tensor.shape.join(", ")}]`,
    );
  }
}

/** For each leaf of `captured` the index of the corresponding leaf of `given`, which has the same structure. */
function leafOrder(captured: Structure, given: Structure, order: number[] = []): number[] {
  if (captured.type === "leaf" && given.type === "leaf") order[captured.index] = given.index;
  if (captured.type === "tuple" && given.type === "tuple") {
    captured.items.forEach((item, i) => {
      leafOrder(item, given.items[i] ?? ABSENT, order);
    });
  }
  if (captured.type === "dict" && given.type === "dict") {
    const now = new Map(given.entries);
    for (const [key, item] of captured.entries) leafOrder(item, now.get(key) ?? ABSENT, order);
  }
  return order;
}
