import ts from "typescript";

/** Variables of the cells so far. */
export type Variables = Readonly<Record<string, unknown>>;

/** Reads a property where that runs none of the user's code; undefined otherwise. */
export type ReadProperty = (value: object, key: string) => unknown;

/** Nesting of expressions and lists is followed as far as this. */
const MAX_DEPTH = 12;
const MAX_VALUES = 100;

/**
 * What an expression can stand for, going by the variables of earlier cells, without running anything: names, properties, elements, and through
 * what the cell itself declares around the expression (`for (const g of graphs)`, `(g: typeof pg) => …`). Empty when that is not known.
 */
export function possibleValues(
  expression: ts.Expression,
  variables: Variables,
  read: ReadProperty,
): unknown[] {
  return new Evaluation(variables, read).values(expression, 0);
}

class Evaluation {
  constructor(
    private readonly variables: Variables,
    private readonly read: ReadProperty,
  ) {}

  values(expression: ts.Expression, depth: number): unknown[] {
    if (depth > MAX_DEPTH) return [];
    const next = (inner: ts.Expression) => this.values(inner, depth + 1);
    if (ts.isIdentifier(expression)) return this.#variable(expression, depth);
    if (ts.isPropertyAccessExpression(expression))
      return this.#properties(next(expression.expression), expression.name.text);
    if (ts.isElementAccessExpression(expression)) {
      const container = next(expression.expression);
      const { argumentExpression: key } = expression;
      return ts.isStringLiteralLike(key) || ts.isNumericLiteral(key)
        ? this.#properties(container, key.text)
        : container.flatMap(itemsOf);
    }
    if (ts.isConditionalExpression(expression))
      return [...next(expression.whenTrue), ...next(expression.whenFalse)];
    if (ts.isArrayLiteralExpression(expression)) return [expression.elements.flatMap(next)];
    if (
      ts.isParenthesizedExpression(expression) ||
      ts.isAwaitExpression(expression) ||
      ts.isNonNullExpression(expression) ||
      ts.isAsExpression(expression) ||
      ts.isSatisfiesExpression(expression)
    )
      return next(expression.expression);
    return [];
  }

  #properties(values: readonly unknown[], key: string): unknown[] {
    return values.flatMap((value) => {
      const found = typeof value === "object" && value !== null ? this.read(value, key) : undefined;
      return found === undefined ? [] : [found];
    });
  }

  #variable(name: ts.Identifier, depth: number): unknown[] {
    const declaration = declarationOf(name);
    const outer = () => (Object.hasOwn(this.variables, name.text) ? [this.variables[name.text]] : []);
    if (!declaration) return outer();
    const { type, initializer } = declaration;
    if (type && ts.isTypeQueryNode(type) && ts.isIdentifier(type.exprName))
      return this.#variable(type.exprName, depth + 1);
    const made = initializer ? this.values(initializer, depth + 1) : [];
    if (made.length > 0) return made;
    const owner = declaration.parent.parent;
    if (ts.isForOfStatement(owner)) return this.values(owner.expression, depth + 1).flatMap(itemsOf);
    // A cell that is edited after it ran: what it declared is still there.
    return ts.isVariableStatement(owner) && ts.isSourceFile(owner.parent) ? outer() : [];
  }
}

/** The variable or parameter of the cell that a name means; null for names of earlier cells. */
function declarationOf(name: ts.Identifier): ts.VariableDeclaration | ts.ParameterDeclaration | null {
  for (let scope: ts.Node | undefined = name.parent; scope; scope = scope.parent) {
    const found = declaredIn(scope).find(
      (declaration) => ts.isIdentifier(declaration.name) && declaration.name.text === name.text,
    );
    if (found && found !== name.parent) return found;
  }
  return null;
}

function declaredIn(scope: ts.Node): (ts.VariableDeclaration | ts.ParameterDeclaration)[] {
  if (ts.isFunctionLike(scope)) return [...scope.parameters];
  if ((ts.isForOfStatement(scope) || ts.isForStatement(scope)) && scope.initializer)
    return ts.isVariableDeclarationList(scope.initializer) ? [...scope.initializer.declarations] : [];
  if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) return [];
  return scope.statements.flatMap((statement) =>
    ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [],
  );
}

function itemsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.slice(0, MAX_VALUES);
  if (value instanceof Map) return [...value.values()].slice(0, MAX_VALUES);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(Object.getOwnPropertyDescriptors(value))
    .slice(0, MAX_VALUES)
    .map((descriptor) => descriptor.value as unknown);
}
