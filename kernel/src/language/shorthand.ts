import ts from "typescript";

/**
 * tslab 1.0.22 makes a name of an earlier cell a property of `exports`, but not where it is a shorthand: `{ inputs }`. It asks for the
 * symbol of the identifier, which is the new property's, and has no place for what it would put there. With these two
 * functions the shorthand is written out: `{ inputs: exports.inputs }`.
 */
export function resolveShorthands(program: ts.Program): void {
  const getTypeChecker = program.getTypeChecker.bind(program);
  program.getTypeChecker = () => checkerOf(getTypeChecker());
}

const checkers = new WeakMap<ts.TypeChecker, ts.TypeChecker>();

/** A checker for which the symbol of a shorthand is the value's. */
function checkerOf(checker: ts.TypeChecker): ts.TypeChecker {
  const known = checkers.get(checker);
  if (known) return known;
  const own = { ...checker };
  own.getSymbolAtLocation = (node) =>
    ts.isShorthandPropertyAssignment(node.parent ?? node)
      ? (checker.getShorthandAssignmentValueSymbol(node.parent) ?? checker.getSymbolAtLocation(node))
      : checker.getSymbolAtLocation(node);
  checkers.set(checker, own);
  return own;
}

/** `ts.visitEachChild` that lets a visitor put any expression in the place of a shorthand's value. */
export function visitEachChild(
  node: ts.Node,
  visitor: ts.Visitor,
  context: ts.TransformationContext | undefined,
): ts.Node {
  if (!ts.isShorthandPropertyAssignment(node)) return ts.visitEachChild(node, visitor, context);
  const { name, objectAssignmentInitializer: fallback } = node;
  const value = visitor(name) as ts.Expression;
  if (value === name) return ts.visitEachChild(node, visitor, context);
  // `({ x = 1 } = y)`: a pattern with a value to fall back on.
  const target = fallback ? ts.factory.createAssignment(value, visitor(fallback) as ts.Expression) : value;
  return ts.factory.createPropertyAssignment(name, target);
}
