import ts from "typescript";

/**
 * Lets `{ x }` take a variable of an earlier cell. tslab 1.0.22 writes such variables as `exports.x` wherever the checker says that a name means
 * one; of a shorthand the checker says that it is the new property, and `{ exports.x }` could not stand there.
 */
export function writeOutShorthands<T extends ts.BuilderProgram>(
  create: ts.CreateProgram<T>,
): ts.CreateProgram<T> {
  return (...args) => {
    const builder = create(...args);
    const checker = builder.getProgram().getTypeChecker();
    const symbolAt = checker.getSymbolAtLocation.bind(checker);
    checker.getSymbolAtLocation = (node) =>
      isShorthandName(node) ? checker.getShorthandAssignmentValueSymbol(node.parent) : symbolAt(node);
    const emit = builder.emit.bind(builder);
    builder.emit = (file, write, cancellation, onlyDeclarations, transformers) =>
      emit(file, write, cancellation, onlyDeclarations, {
        ...transformers,
        before: [...(transformers?.before ?? []), writeOut],
      });
    return builder;
  };
}

function isShorthandName(node: ts.Node): boolean {
  return node.parent && ts.isShorthandPropertyAssignment(node.parent) && node.parent.name === node;
}

/** `{ x }` → `{ x: x }`, also in a pattern that is assigned to: `({ x = 1 } = y)` → `({ x: x = 1 } = y)`. */
const writeOut: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
  const { factory } = context;
  const visit = (node: ts.Node): ts.Node => {
    if (!ts.isShorthandPropertyAssignment(node)) return ts.visitEachChild(node, visit, context);
    const { name, objectAssignmentInitializer: fallback } = node;
    const value = fallback
      ? factory.createAssignment(name, ts.visitNode(fallback, visit, ts.isExpression))
      : name;
    return factory.createPropertyAssignment(name.text, value);
  };
  return ts.visitEachChild(file, visit, context);
};
