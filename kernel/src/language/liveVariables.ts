import ts from "typescript";

/** A line of the result that has more in front of it than the same line of the input. */
export interface Shift {
  /** From 0. */
  line: number;
  /** Characters put in. */
  length: number;
}

const EXPORT = "export ";

/** A cell as an ES module, on its way to CommonJS. */
export interface PreparedModule {
  code: string;
  shifts: Shift[];
  /** Variables declared without a value; null where {@link keepOldValues} has nothing to do. */
  unset: string[] | null;
}

/**
 * Lets functions of one cell see what later cells assign to a variable: `let rate = 0.1; const f = () => rate`, then `rate = 0.2; f()`.
 * The converter makes locals of a cell's variables and copies each to where the other cells look. Here those that a function uses become
 * exports themselves; the others stay locals, which are faster.
 *
 * @param module an ES module of the converter's, with one statement a line and `export { … }` for its variables
 */
export function liveVariables(module: string): PreparedModule {
  const file = ts.createSourceFile("cell.mjs", module, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const exported = file.statements.find(isExportList);
  const variables = file.statements.filter(ts.isVariableStatement).filter(isVariable);
  const unset = variables.flatMap(({ declarationList }) =>
    declarationList.declarations.filter(({ initializer }) => !initializer).map(({ name }) => name.getText()),
  );
  if (!exported) return { code: module, shifts: [], unset };
  const names = new Set(exported.exportClause.elements.map(({ name }) => name.text));
  const used = namesUsedInFunctions(file);
  const live = new Set<string>();
  const edits: { position: number; end: number; text: string }[] = [];
  const shifts: Shift[] = [];
  for (const statement of variables) {
    const declared = statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
    if (!declared.some((name) => used.has(name)) || !declared.every((name) => names.has(name))) continue;
    for (const name of declared) live.add(name);
    const position = statement.getStart(file);
    edits.push({ position, end: position, text: EXPORT });
    shifts.push({ line: file.getLineAndCharacterOfPosition(position).line, length: EXPORT.length });
  }
  if (live.size === 0) return { code: module, shifts: [], unset };
  const kept = exported.exportClause.elements.filter(({ name }) => !live.has(name.text));
  const { pos, end } = exported.exportClause.elements;
  edits.push({ position: pos, end, text: ` ${kept.map((element) => element.getText(file)).join(", ")}` });
  let code = module;
  for (const { position, end: stop, text } of edits.sort((a, b) => b.position - a.position)) {
    code = code.slice(0, position) + text + code.slice(stop);
  }
  return { code, shifts, unset };
}

const RESET = /^(?:exports\.[\w$]+ = )+void 0;$/m;

/**
 * Takes out of a compiled cell the line that sets all its variables to undefined before it begins: a cell that is run again and fails,
 * or is interrupted, leaves the variables it did not come to as they were. Those declared without a value are still reset.
 */
export function keepOldValues(compiled: string, unset: readonly string[] | null): string {
  if (!unset) return compiled;
  return compiled.replace(RESET, () => unset.map((name) => `exports.${name} = void 0;`).join(" "));
}

function isExportList(
  statement: ts.Statement,
): statement is ts.ExportDeclaration & { exportClause: ts.NamedExports } {
  return (
    ts.isExportDeclaration(statement) &&
    !statement.moduleSpecifier &&
    statement.exportClause !== undefined &&
    ts.isNamedExports(statement.exportClause)
  );
}

/** Whether it is `let` or `var`. */
function isVariable({ declarationList, modifiers }: ts.VariableStatement): boolean {
  const constant = ts.NodeFlags.Const | ts.NodeFlags.Using;
  return !modifiers && (declarationList.flags & constant) === 0;
}

/** Names that a declaration binds: `a` and `b` of `{ a, x: [b] }`. */
export function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isOmittedExpression(element) ? [] : boundNames(element.name),
  );
}

/** Every identifier within functions and classes. More than the variables they use, which does no harm. */
function namesUsedInFunctions(file: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node, inside: boolean): void => {
    if (inside && ts.isIdentifier(node)) found.add(node.text);
    const within = inside || ts.isFunctionLike(node) || ts.isClassLike(node);
    ts.forEachChild(node, (child) => visit(child, within));
  };
  visit(file, false);
  return found;
}
