import ts from "typescript";
import { graphMethod } from "./graphMethod";
import type { NamedGraph } from "./nodeTypes";

/** Diagnostics that can be about a name: no such property, no such member of a union, nothing in common. */
const ABOUT_NAMES = new Set([2322, 2345, 2353, 2559, 2561, 2820]);

/** The live graph whose names the interface has; null for other interfaces. */
export type GraphOf = (typeName: string) => NamedGraph | null;

/**
 * Puts what TypeScript found wrong with node names into the graph's own words, with the closest names. What the graph accepts (PyTorch's `h.17`,
 * for which there are no types) is nothing wrong.
 */
export function reviewNames(
  found: readonly ts.Diagnostic[],
  file: ts.SourceFile,
  checker: ts.TypeChecker,
  graphOf: GraphOf,
): ts.Diagnostic[] {
  return found.flatMap((diagnostic) => {
    const { start, length, code } = diagnostic;
    if (diagnostic.file !== file || start === undefined || !ABOUT_NAMES.has(code)) return [diagnostic];
    const node = nodeAt(file, start, start + (length ?? 0));
    const graphs = node ? graphsFor(node, checker, graphOf) : [];
    if (!node || graphs.length === 0) return [diagnostic];
    const names = namesAt(node, checker);
    if (names === null) return [diagnostic];
    return names.flatMap(({ name, place }) => {
      const problem = problemOf(name, graphs);
      if (problem === null) return [];
      return [
        { ...diagnostic, start: place.getStart(file), length: place.getWidth(file), messageText: problem },
      ];
    });
  });
}

/** The innermost node with this span. */
function nodeAt(file: ts.SourceFile, start: number, end: number): ts.Node | null {
  let found: ts.Node | null = null;
  const visit = (node: ts.Node): void => {
    if (node.getStart(file) > start || node.end < end) return;
    if (node.getStart(file) === start && node.end === end) found = node;
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

interface UsedName {
  name: string;
  place: ts.Node;
}

/** Names of nodes that stand at `node`, or are keys of the value there; null when it is neither. */
function namesAt(node: ts.Node, checker: ts.TypeChecker): UsedName[] | null {
  if (ts.isStringLiteralLike(node)) {
    const object = node.parent.parent;
    // The compiler tells of the first unknown key only.
    if (
      ts.isPropertyAssignment(node.parent) &&
      node.parent.name === node &&
      ts.isObjectLiteralExpression(object)
    )
      return keysOf(object);
    return [{ name: node.text, place: node }];
  }
  if (ts.isObjectLiteralExpression(node)) return keysOf(node);
  // A template of constants is as good as a literal.
  const text = checker.getTypeAtLocation(ts.isComputedPropertyName(node) ? node.expression : node);
  if (text.isStringLiteral()) return [{ name: text.value, place: node }];
  if (ts.isIdentifier(node) && ts.isPropertyAssignment(node.parent) && node.parent.name === node)
    return [{ name: node.text, place: node }];
  const names = checker.getPropertiesOfType(checker.getTypeAtLocation(node)).map(({ name }) => name);
  return names.length === 0 ? null : names.map((name) => ({ name, place: node }));
}

function keysOf(object: ts.ObjectLiteralExpression): UsedName[] {
  return object.properties.flatMap(({ name }) =>
    name && (ts.isStringLiteralLike(name) || ts.isIdentifier(name)) ? [{ name: name.text, place: name }] : [],
  );
}

/** The graphs on one of whose methods the innermost call around `node` is made. */
function graphsFor(node: ts.Node, checker: ts.TypeChecker, graphOf: GraphOf): NamedGraph[] {
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isFunctionLike(at)) return [];
    if (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression))
      return graphsCalled(at.expression, checker, graphOf);
  }
  return [];
}

/** The live graphs that a method is one of. */
export function graphsCalled(
  method: ts.PropertyAccessExpression,
  checker: ts.TypeChecker,
  graphOf: GraphOf,
): NamedGraph[] {
  const receiver = checker.getTypeAtLocation(graphMethod(method).receiver);
  return (receiver.isUnion() ? receiver.types : [receiver])
    .map((type) => namesOf(type, checker, graphOf))
    .filter((graph) => graph !== null);
}

function namesOf(type: ts.Type, checker: ts.TypeChecker, graphOf: GraphOf): NamedGraph | null {
  if (type.symbol?.name !== "PatchableGraph") return null;
  const [, names] = checker.getTypeArguments(type as ts.TypeReference);
  return names?.symbol ? graphOf(names.symbol.name) : null;
}

/** What is wrong with a name; null when one of the graphs has it. */
export function problemOf(name: string, graphs: readonly NamedGraph[]): string | null {
  let problem: string | null = null;
  for (const graph of graphs) {
    try {
      graph.node(name);
      return null;
    } catch (error) {
      problem ??= (error as Error).message;
    }
  }
  return problem;
}
