import ts from "typescript";
import { graphMethod } from "./graphMethod";
import { type GraphOf, graphsCalled, problemOf } from "./reviewNames";

/** Where methods of a graph take patches by name: an argument, or these properties of it. */
const MAPS: Readonly<Record<string, readonly string[] | null>> = {
  patch: null,
  sweep: ["cells", "base"],
};
/** "Object literal may only specify known properties", which the compiler says of objects that are written where they are used. */
const UNKNOWN_PROPERTY = 2353;

/**
 * Checks the names in maps of patches that the compiler does not: those made elsewhere, by a function or in a variable, whose types say
 * which names they have. Besides known names it lets them have any others.
 * @param found what is wrong already; of a map that is part of it nothing more is said
 */
export function reviewMaps(
  found: readonly ts.Diagnostic[],
  file: ts.SourceFile,
  checker: ts.TypeChecker,
  graphOf: GraphOf,
): ts.Diagnostic[] {
  const problems: ts.Diagnostic[] = [];
  const check = (map: ts.Expression, method: ts.PropertyAccessExpression): void => {
    const start = map.getStart(file);
    if (found.some((one) => one.start !== undefined && one.start >= start && one.start < map.end)) return;
    const names = namesIn(map, checker);
    if (names.size === 0) return;
    const graphs = graphsCalled(method, checker, graphOf);
    if (graphs.length === 0) return;
    for (const name of names) {
      const messageText = problemOf(name, graphs);
      if (messageText === null) continue;
      const category = ts.DiagnosticCategory.Error;
      problems.push({ file, start, length: map.end - start, category, code: UNKNOWN_PROPERTY, messageText });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      for (const map of mapsOf(node, graphMethod(node.expression).method)) check(map, node.expression);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return problems;
}

/** The maps of patches that a method is given. */
function mapsOf({ arguments: [argument] }: ts.CallExpression, method: string): ts.Expression[] {
  if (!argument || !Object.hasOwn(MAPS, method)) return [];
  const keys = MAPS[method];
  if (!keys) return [argument];
  if (!ts.isObjectLiteralExpression(argument)) return [];
  return argument.properties.flatMap((property) => {
    if (!property.name || !ts.isIdentifier(property.name) || !keys.includes(property.name.text)) return [];
    if (ts.isShorthandPropertyAssignment(property)) return [property.name];
    return ts.isPropertyAssignment(property) ? [property.initializer] : [];
  });
}

/** Names that a map, or the maps in nested lists, certainly have by their types. */
function namesIn(map: ts.Expression, checker: ts.TypeChecker): Set<string> {
  const names = new Set<string>();
  const visit = (type: ts.Type): void => {
    if (type.isUnion()) type.types.forEach(visit);
    else if (checker.isArrayType(type) || checker.isTupleType(type))
      checker.getTypeArguments(type as ts.TypeReference).forEach(visit);
    else if (type.flags & ts.TypeFlags.Object) {
      for (const { name, flags } of checker.getPropertiesOfType(type)) {
        if (!(flags & ts.SymbolFlags.Optional)) names.add(name);
      }
    }
  };
  visit(checker.getTypeAtLocation(map));
  return names;
}
