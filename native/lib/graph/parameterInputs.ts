import { ArgumentError } from "../errors";
import { Tensor } from "../tensor/tensor";
import type { CapturedGraph } from "./capture";
import { ConstraintChecker } from "./inputConstraints";
import { checkTensor, type RunInputs } from "./inputs";
import type { RunValue } from "./native";
import { isDictionary, type Structure } from "./structure";

const checkers = new WeakMap<CapturedGraph, ConstraintChecker>();

/** Conditions come from a file: no more of them than can be read, on one line. */
function shortened(text: string): string {
  const line = JSON.stringify(text.slice(0, 400)).slice(1, -1);
  return text.length > 400 ? `${line} …` : line;
}

/** The checker of a graph's constraints; null if it has none. Tells once of guards that it cannot check. */
function checkerOf(graph: CapturedGraph): ConstraintChecker | null {
  if (!graph.constraints) return null;
  let checker = checkers.get(graph);
  if (!checker) {
    checker = new ConstraintChecker(graph.constraints);
    checkers.set(graph, checker);
    if (checker.unchecked.length > 0) {
      console.warn(
        `${graph.label}: conditions on the inputs that cannot be checked here: ${shortened(checker.unchecked.join("; "))}`,
      );
    }
  }
  return checker;
}

/**
 * The graph's inputs from what the user gave, for a graph whose parameters have names: in order (a tensor, a list),
 * by name (a dictionary), or both (a list that ends with a dictionary). What was the same for every call when the model
 * was exported may be left out.
 */
export function bindParameters(
  graph: CapturedGraph,
  parameters: readonly string[],
  inputs: RunInputs,
): RunValue[] {
  const { inputStructure } = graph;
  const items = inputStructure.type === "tuple" ? inputStructure.items : [];
  const given = byName(parameters, items, inputs);
  const bound: RunValue[] = [];
  parameters.forEach((name, i) => {
    bind(graph, items[i], given[name], name, bound);
  });
  const named = graph.inputs.map(({ name }, i) => ({ name, value: bound[i] }));
  checkerOf(graph)?.check(named, given);
  return bound;
}

function byName(
  parameters: readonly string[],
  items: readonly Structure[],
  inputs: RunInputs,
): Record<string, unknown> {
  if (inputs instanceof Tensor) return { [parameters[0]]: inputs };
  if (!Array.isArray(inputs)) return keywords(parameters, items, { ...inputs });
  const positional: unknown[] = [...inputs];
  const last = positional.at(-1);
  const takesDictionary = items[positional.length - 1]?.type === "dict";
  const named = isDictionary(last) && !takesDictionary ? keywords(parameters, items, last) : {};
  if (Object.keys(named).length > 0) positional.pop();
  if (positional.length > parameters.length) {
    throw new ArgumentError(
      `the model takes ${parameters.length} inputs (${parameters.join(", ")}), and was given ${positional.length}`,
    );
  }
  return { ...Object.fromEntries(positional.map((value, i) => [parameters[i], value])), ...named };
}

function keywords(
  parameters: readonly string[],
  items: readonly Structure[],
  given: Record<string, unknown>,
): Record<string, unknown> {
  const unknown = Object.keys(given).filter(
    (name) => !parameters.includes(name) && given[name] !== undefined,
  );
  if (unknown.length === 0) return given;
  // A forward whose one parameter is a dictionary may be given that dictionary.
  if (parameters.length === 1 && items[0]?.type === "dict") return { [parameters[0]]: given };
  throw new ArgumentError(
    `the model was exported without an input ${unknown.join(", ")}; its inputs are ${parameters.join(", ")}`,
  );
}

/** Puts the leaves of `value` at their places in `bound`. */
function bind(
  graph: CapturedGraph,
  structure: Structure,
  value: unknown,
  path: string,
  bound: RunValue[],
): void {
  switch (structure.type) {
    case "leaf":
      bound[structure.index] = leaf(graph, structure.index, value, path);
      return;
    case "tuple":
      if (!Array.isArray(value) || value.length !== structure.items.length) {
        throw new ArgumentError(`input ${path} must be a list of ${structure.items.length}`);
      }
      structure.items.forEach((item, i) => {
        bind(graph, item, value[i], `${path}[${i}]`, bound);
      });
      return;
    case "dict":
      bindDictionary(graph, structure.entries, value, path, bound);
      return;
    case "plain":
      checkFixed(structure.value, value, path);
  }
}

function bindDictionary(
  graph: CapturedGraph,
  entries: readonly [string, Structure][],
  value: unknown,
  path: string,
  bound: RunValue[],
): void {
  if (!isDictionary(value)) throw new ArgumentError(`input ${path} must be a dictionary`);
  const names = entries.map(([key]) => key);
  const unknown = Object.keys(value).filter((key) => !names.includes(key));
  if (unknown.length > 0) {
    throw new ArgumentError(
      `input ${path} was exported with ${names.join(", ")}, not with ${unknown.join(", ")}`,
    );
  }
  for (const [key, item] of entries) bind(graph, item, value[key], `${path}.${key}`, bound);
}

function leaf(graph: CapturedGraph, index: number, value: unknown, path: string): RunValue {
  const expected = graph.inputs[index];
  const isNumber = expected.dtype === "";
  if (value === undefined || value === null) throw new ArgumentError(`input ${path} is missing`);
  if (isNumber && (typeof value === "number" || typeof value === "boolean")) return value;
  if (isNumber || !(value instanceof Tensor)) {
    throw new ArgumentError(`input ${path} must be a ${isNumber ? "number" : "tensor"}, not ${typeof value}`);
  }
  checkTensor(expected, value);
  return value;
}

/** What export took as fixed may be left out, and must not be anything else. */
function checkFixed(exported: unknown, value: unknown, path: string): void {
  const isAbsent = value === undefined || (value === null && exported === null);
  if (isAbsent || Object.is(exported, value)) return;
  const shown = value instanceof Tensor ? "a tensor" : JSON.stringify(value);
  throw new ArgumentError(
    `input ${path}: the model was exported with ${exported === null ? "None" : String(exported)} and is given ${shown}; export it again with this kind of input`,
  );
}
