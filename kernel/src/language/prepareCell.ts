import ts from "typescript";

/** Text to put at a place of a cell. */
interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Types of imported modules: ES modules, and CommonJS modules that export one value (`export =`). */
const MODULE_TYPES = {
  esModule: (name: string) => `typeof import(${name})`,
  commonJs: (name: string) => `Omit<typeof import(${name}), never> & { default: typeof import(${name}) }`,
};

/**
 * Makes a cell something the converter can take, without moving lines: `export` before a declaration means nothing in a cell, and
 * `const m = await import("x")` is told its type, which could not be written down otherwise.
 */
export function prepareCell(code: string, modules: keyof typeof MODULE_TYPES = "esModule"): string {
  if (!/\b(export|import)\b/.test(code)) return code;
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const edits: Edit[] = [];
  for (const statement of file.statements) {
    edits.push(...exportKeywords(statement, file));
    if (!ts.isVariableStatement(statement)) continue;
    for (const declaration of statement.declarationList.declarations) {
      const module = importedModule(declaration);
      if (module === null) continue;
      const at = declaration.name.end;
      edits.push({ start: at, end: at, text: `: ${MODULE_TYPES[modules](JSON.stringify(module))}` });
    }
  }
  return applyEdits(code, edits);
}

/**
 * Gives the variables of `names` the type `any`, because theirs cannot be written down as a declaration.
 * @returns the code, or null when none of the names is declared as a plain variable without a type
 */
export function annotateAny(code: string, names: ReadonlySet<string>): string | null {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const edits: Edit[] = [];
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, type } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && !type && names.has(name.text)) {
        edits.push({ start: name.end, end: name.end, text: ": any" });
      }
    }
  }
  return edits.length > 0 ? applyEdits(code, edits) : null;
}

function exportKeywords(statement: ts.Statement, file: ts.SourceFile): Edit[] {
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = ts.getModifiers(statement) ?? [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return [];
  return modifiers
    .filter(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    .map((modifier) => ({
      start: modifier.getStart(file),
      end: modifier.end,
      text: " ".repeat("export".length),
    }));
}

/** `x` of `name = await import("x")` without a type. */
function importedModule({ name, type, initializer }: ts.VariableDeclaration): string | null {
  if (type || !ts.isIdentifier(name) || !initializer || !ts.isAwaitExpression(initializer)) return null;
  const call = initializer.expression;
  if (!ts.isCallExpression(call) || call.expression.kind !== ts.SyntaxKind.ImportKeyword) return null;
  const [module] = call.arguments;
  return module && ts.isStringLiteralLike(module) ? module.text : null;
}

function applyEdits(code: string, edits: readonly Edit[]): string {
  let result = code;
  for (const { start, end, text } of [...edits].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end);
  }
  return result;
}
