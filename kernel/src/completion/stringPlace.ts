import ts from "typescript";
import { graphMethod } from "../nodeTypes/graphMethod";

/** What the names in a string are of. */
export type Expected =
  /** Nodes, by full name. */
  | "node"
  /** Nodes by their own names only: a look-up in `pg.nodes`. */
  | "own"
  /** Other tools' names only: a look-up in `pg.aliases`. */
  | "alias"
  /** Children of a place of the graph's tree: `pg.graph["…"]`. */
  | "child";

/** The string literal the cursor stands in, and what names belong there. */
export interface StringPlace {
  /** UTF-16 positions of the text between the quotes; an unclosed string ends at the cursor. */
  start: number;
  end: number;
  /** Text from the opening quote to the cursor. */
  prefix: string;
  /** Null where anything may stand. */
  expected: Expected | null;
  /** The graph, or the tree's place, that the names are of; null where the code does not say. */
  receiver: ts.Expression | null;
  /** Strings that stand beside it already, in the same object or list. */
  siblings: string[];
}

/** Where sweeps hold patches by name. */
const PATCH_PROPERTIES = new Set(["cells", "base"]);
const LOOKUPS = new Map<string, Expected>([
  ["nodes", "own"],
  ["aliases", "alias"],
]);

/** Finds the string the cursor (UTF-16) stands in; null outside of strings. */
export function stringAt(code: string, cursor: number): StringPlace | null {
  const file = parse(code);
  const literal = literalAt(file, cursor);
  if (!literal) return null;
  const start = literal.getStart(file) + 1;
  // An unclosed string swallows the rest of its line; the rest is not part of the name.
  const end = isClosed(literal, file) ? literal.end - 1 : cursor;
  return {
    start,
    end: Math.max(end, cursor),
    prefix: code.slice(start, cursor),
    ...meaning(literal),
    siblings: siblingsOf(literal),
  };
}

export function parse(code: string): ts.SourceFile {
  return ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function literalAt(file: ts.SourceFile, cursor: number): ts.StringLiteralLike | null {
  let found: ts.StringLiteralLike | null = null;
  const visit = (node: ts.Node): void => {
    if (cursor < node.getStart(file) || cursor > node.end) return;
    if (ts.isStringLiteralLike(node)) {
      const inside = cursor > node.getStart(file) && (cursor < node.end || !isClosed(node, file));
      if (inside) found = node;
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isClosed(literal: ts.StringLiteralLike, file: ts.SourceFile): boolean {
  const start = literal.getStart(file);
  return literal.end - start >= 2 && file.text[literal.end - 1] === file.text[start];
}

type Meaning = Pick<StringPlace, "expected" | "receiver">;

const NOTHING: Meaning = { expected: null, receiver: null };

function meaning(literal: ts.StringLiteralLike): Meaning {
  const { parent } = literal;
  if (ts.isElementAccessExpression(parent)) return ofElement(parent.expression);
  if (ts.isCallExpression(parent)) return ofArgument(parent, literal);
  if (ts.isArrayLiteralExpression(parent)) return ofOutputs(parent);
  const object = objectOfKey(literal);
  return object ? ofPatches(object) : NOTHING;
}

/** `pg.nodes["…"]`, `pg.graph.transformer["…"]`. */
function ofElement(container: ts.Expression): Meaning {
  if (ts.isPropertyAccessExpression(container)) {
    const expected = LOOKUPS.get(container.name.text);
    if (expected) return { expected, receiver: container.expression };
  }
  return { expected: "child", receiver: container };
}

/** `pg.node("…")`, `pg.nodes.get("…")`. */
function ofArgument({ expression, arguments: args }: ts.CallExpression, literal: ts.Node): Meaning {
  if (!ts.isPropertyAccessExpression(expression) || args[0] !== literal) return NOTHING;
  const method = expression.name.text;
  if (method === "node") return { expected: "node", receiver: expression.expression };
  if (!["get", "has"].includes(method) || !ts.isPropertyAccessExpression(expression.expression))
    return NOTHING;
  const expected = LOOKUPS.get(expression.expression.name.text);
  return expected ? { expected, receiver: expression.expression.expression } : NOTHING;
}

/** `pg.run(inputs, { outputs: ["…"] })`, and of a sweep. */
function ofOutputs(list: ts.ArrayLiteralExpression): Meaning {
  const property = list.parent;
  if (!ts.isPropertyAssignment(property) || property.name.getText() !== "outputs") return NOTHING;
  const call = callWithArgument(property.parent);
  if (!call) return NOTHING;
  const takes = call.method === "run" ? call.argument === 1 : call.method === "sweep" && call.argument === 0;
  return takes ? { expected: "node", receiver: call.receiver } : NOTHING;
}

/** The object that `literal` is, or begins to be, a key of. */
function objectOfKey(literal: ts.StringLiteralLike): ts.ObjectLiteralExpression | null {
  const { parent } = literal;
  if (ts.isPropertyAssignment(parent)) return parent.name === literal ? parent.parent : null;
  // `{ "…` alone is a shorthand, or a computed name, with an error.
  for (const node of [parent, parent.parent]) if (node && ts.isObjectLiteralExpression(node)) return node;
  return null;
}

/** Patches by name: the first argument of `patch`, cells of a sweep, or an object that says it is one. */
function ofPatches(object: ts.ObjectLiteralExpression): Meaning {
  const call = callWithArgument(object);
  if (call?.method === "patch" && call.argument === 0) return { expected: "node", receiver: call.receiver };
  const sweep = sweepOfCells(object);
  if (sweep) return { expected: "node", receiver: sweep };
  return saysPatches(object) ? { expected: "node", receiver: null } : NOTHING;
}

/** The call of a method that `value` is an argument of. */
function callWithArgument(
  value: ts.Expression,
): { receiver: ts.Expression; method: string; argument: number } | null {
  const call = value.parent;
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return null;
  return { ...graphMethod(call.expression), argument: call.arguments.indexOf(value) };
}

/** The graph of the sweep in whose `cells` or `base` the object stands, also in lists and in functions that make cells. */
function sweepOfCells(object: ts.ObjectLiteralExpression): ts.Expression | null {
  for (let node: ts.Node = object; node.parent; node = node.parent) {
    const { parent } = node;
    if (ts.isNewExpression(parent) || (node !== object && ts.isObjectLiteralExpression(node))) return null;
    if (!ts.isPropertyAssignment(parent)) continue;
    if (!PATCH_PROPERTIES.has(parent.name.getText())) return null;
    const call = callWithArgument(parent.parent);
    return call && call.method === "sweep" && call.argument === 0 ? call.receiver : null;
  }
  return null;
}

/** Whether an object is patches by name by its type, or by a patch among its values. */
function saysPatches(object: ts.ObjectLiteralExpression): boolean {
  const { parent } = object;
  const type = ts.isVariableDeclaration(parent) || ts.isSatisfiesExpression(parent) ? parent.type : undefined;
  if (type && /\bPatchMap\b/.test(type.getText())) return true;
  return object.properties.some((property) => {
    if (!ts.isPropertyAssignment(property)) return false;
    const { initializer } = property;
    const first = ts.isArrayLiteralExpression(initializer) ? initializer.elements[0] : initializer;
    return first && ts.isNewExpression(first) && /^\w+Patch$/.test(first.expression.getText());
  });
}

function siblingsOf(literal: ts.StringLiteralLike): string[] {
  const { parent } = literal;
  const object = objectOfKey(literal);
  const beside = ts.isArrayLiteralExpression(parent)
    ? [...parent.elements]
    : (object?.properties.flatMap(({ name }) => (name ? [name] : [])) ?? []);
  return beside.flatMap((node) => (node !== literal && ts.isStringLiteralLike(node) ? [node.text] : []));
}
