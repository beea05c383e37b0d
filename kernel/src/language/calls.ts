import ts from "typescript";

/** The string literal the cursor stands in, and what it is an argument of. */
export interface StringPlace {
  /** UTF-16 positions of the text between the quotes; an unclosed string ends at the cursor. */
  start: number;
  end: number;
  /** Text from the opening quote to the cursor. */
  prefix: string;
  /** The call around it, if any: `pg.patch` → receiver "pg", method "patch". */
  call: { receiver: string; method: string } | null;
  /** Where in the argument it stands. */
  role: "argument" | "key" | "element" | "value";
  /** Name of the property whose value (or list) it stands in: `outputs` of `{ outputs: ["…"] }`. */
  property: string | null;
  /** 0 for the first argument of the call. */
  argument: number;
  /** Strings that stand beside it already, in the same object or list. */
  siblings: string[];
}

/** Finds the string the cursor (UTF-16) stands in; null outside of strings. */
export function stringAt(code: string, cursor: number): StringPlace | null {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const literal = literalAt(file, cursor);
  if (!literal) return null;
  const start = literal.getStart(file) + 1;
  // An unclosed string swallows the rest of its line; the rest is not part of the name.
  const end = isClosed(literal, file) ? literal.end - 1 : cursor;
  return {
    start,
    end: Math.max(end, cursor),
    prefix: code.slice(start, cursor),
    ...surroundings(literal, file),
  };
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

function surroundings(
  literal: ts.StringLiteralLike,
  file: ts.SourceFile,
): Pick<StringPlace, "call" | "role" | "property" | "argument" | "siblings"> {
  let role: StringPlace["role"] = "argument";
  let property: string | null = null;
  let siblings: string[] = [];
  let node: ts.Node = literal;
  let parent = node.parent;
  while (parent && !ts.isCallExpression(parent) && !ts.isNewExpression(parent)) {
    if (node === literal) {
      if (ts.isArrayLiteralExpression(parent)) {
        role = "element";
        siblings = texts(parent.elements, literal);
      } else if (ts.isPropertyAssignment(parent) && parent.name === literal) {
        role = "key";
        if (ts.isObjectLiteralExpression(parent.parent)) siblings = keys(parent.parent, literal);
      } else if (ts.isPropertyAssignment(parent)) role = "value";
      else if (ts.isObjectLiteralExpression(parent) || ts.isShorthandPropertyAssignment(parent)) role = "key";
    }
    if (ts.isPropertyAssignment(parent) && parent.initializer === node)
      property ??= parent.name.getText(file);
    if (ts.isFunctionLike(parent) || ts.isStatement(parent)) {
      return { call: null, role, property, argument: -1, siblings };
    }
    node = parent;
    parent = node.parent;
  }
  if (!parent) return { call: null, role, property, argument: -1, siblings };
  const argument = (parent.arguments ?? ([] as ts.Expression[])).indexOf(node as ts.Expression);
  const callee = parent.expression;
  const call = ts.isPropertyAccessExpression(callee)
    ? { receiver: callee.expression.getText(file), method: callee.name.text }
    : { receiver: "", method: callee.getText(file) };
  return { call, role, property, argument, siblings };
}

function texts(nodes: readonly ts.Node[], except: ts.Node): string[] {
  return nodes
    .filter((node) => node !== except && ts.isStringLiteralLike(node))
    .map((node) => (node as ts.StringLiteralLike).text);
}

function keys(object: ts.ObjectLiteralExpression, except: ts.Node): string[] {
  return texts(
    object.properties.flatMap((property) => (property.name ? [property.name] : [])),
    except,
  );
}
