import ts from "typescript";

/** How the declarations write the type of a graph. */
const GRAPH = "PatchableGraph";
/** Lists longer than this are looked at as far. */
const MAX_ITEMS = 50;

/** Name of the type that a graph's names have; null for what is no graph. */
export type NamesOf = (value: unknown) => string | null;

interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * Writes into the declarations of earlier cells which names the graphs have that their variables hold: in
 * `declare const pg: PatchableGraph<Net>`, also inside objects, lists and tuples. Variables that `code` assigns to keep any names: what they will
 * hold is not known.
 */
export function retype(
  declarations: string,
  code: string,
  values: Readonly<Record<string, unknown>>,
  namesOf: NamesOf,
): string {
  if (!declarations.includes(GRAPH)) return declarations;
  const file = ts.createSourceFile("declarations.d.ts", declarations, ts.ScriptTarget.Latest, true);
  const assigned = assignedNames(code);
  const edits: Edit[] = [];
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, type } of statement.declarationList.declarations) {
      if (!type || !ts.isIdentifier(name) || !Object.hasOwn(values, name.text)) continue;
      const known = assigned.has(name.text) ? () => null : namesOf;
      visit(type, values[name.text], known, edits);
    }
  }
  return edits
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: own }) => text.slice(0, start) + own + text.slice(end), declarations);
}

function visit(type: ts.TypeNode, value: unknown, namesOf: NamesOf, edits: Edit[]): void {
  if (isGraphType(type)) {
    const { typeArguments } = type;
    const [model] = typeArguments ?? [];
    const names = namesOf(value);
    if (!model || !typeArguments) {
      if (names !== null) edits.push({ start: type.end, end: type.end, text: `<nn.Module, ${names}>` });
    } else edits.push({ start: model.end, end: typeArguments.end, text: names === null ? "" : `, ${names}` });
  } else if (ts.isTypeLiteralNode(type)) {
    for (const member of type.members) {
      if (!ts.isPropertySignature(member) || !member.type) continue;
      visit(member.type, ownValue(value, propertyName(member.name)), namesOf, edits);
    }
  } else if (ts.isTupleTypeNode(type)) {
    type.elements.forEach((element, i) => {
      const item = ts.isNamedTupleMember(element) ? element.type : element;
      visit(item, ownValue(value, String(i)), namesOf, edits);
    });
  } else if (ts.isArrayTypeNode(type)) {
    visit(type.elementType, onlyItem(value, namesOf), namesOf, edits);
  } else if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) {
    visit(type.type, value, namesOf, edits);
  }
}

function isGraphType(type: ts.TypeNode): type is ts.TypeReferenceNode | ts.ImportTypeNode {
  const name = ts.isTypeReferenceNode(type)
    ? type.typeName
    : ts.isImportTypeNode(type)
      ? type.qualifier
      : undefined;
  if (!name) return false;
  return (ts.isQualifiedName(name) ? name.right : name).text === GRAPH;
}

function propertyName(name: ts.PropertyName): string | null {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)
    ? name.text
    : null;
}

/** A property that can be read without running anything. */
function ownValue(value: unknown, key: string | null): unknown {
  if (typeof value !== "object" || value === null || key === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** One of the list's graphs, where all have the same names; else nothing. */
function onlyItem(value: unknown, namesOf: NamesOf): unknown {
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = value.slice(0, MAX_ITEMS);
  return new Set(items.map(namesOf)).size === 1 ? items[0] : undefined;
}

/** Variables that the code gives another value. */
function assignedNames(code: string): Set<string> {
  const names = new Set<string>();
  const targets = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    // `held.graph = …` changes what `held` holds.
    else if (ts.isElementAccessExpression(node) || ts.isPropertyAccessExpression(node))
      targets(node.expression);
    else ts.forEachChild(node, targets);
  };
  const find = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      targets(node.left);
    }
    ts.forEachChild(node, find);
  };
  find(ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS));
  return names;
}
