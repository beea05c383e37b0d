import ts from "typescript";
import { boundNames } from "./liveVariables";

/** One statement of a declaration file; one with several variables, or imported names, counts once for each. */
interface Declaration {
  text: string;
  names: readonly string[];
  /** It declares types only. */
  typeOnly: boolean;
}

/**
 * What later cells may use after a cell failed: its types, and those of its variables that it came to set; of the others, what they were
 * before.
 * @param before declarations when the cell began
 * @param after declarations as they would be had it succeeded
 * @param wasSet whether the cell set a variable
 */
export function keptDeclarations(before: string, after: string, wasSet: (name: string) => boolean): string {
  const old = read(before);
  const unchanged = new Set(old.map(({ text }) => text));
  const kept: Declaration[] = [];
  const lost = new Set<string>();
  for (const declaration of read(after)) {
    const { text, names, typeOnly } = declaration;
    if (typeOnly || unchanged.has(text) || names.some(wasSet)) kept.push(declaration);
    else for (const name of names) lost.add(name);
  }
  const restored = old.filter(
    ({ names, text }) => names.some((name) => lost.has(name)) && !kept.some((one) => one.text === text),
  );
  return [...restored, ...kept].map(({ text }) => `${text}\n`).join("");
}

function read(declarations: string): Declaration[] {
  const file = ts.createSourceFile("__prev__.d.ts", declarations, ts.ScriptTarget.Latest, true);
  return file.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) return variables(statement, file);
    if (ts.isImportDeclaration(statement)) return imports(statement, file);
    const typeOnly = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    const name = ts.getNameOfDeclaration(statement as ts.DeclarationStatement);
    const names = name && ts.isIdentifier(name) ? [name.text] : [];
    return [{ text: statement.getText(file), names, typeOnly }];
  });
}

function variables({ declarationList }: ts.VariableStatement, file: ts.SourceFile): Declaration[] {
  const list = declarationList.declarations;
  const keyword = file.text.slice(declarationList.parent.getStart(file), list[0].getStart(file));
  return list.map((one) => ({
    text: `${keyword}${one.getText(file)};`,
    names: boundNames(one.name),
    typeOnly: false,
  }));
}

/** One for each name. */
function imports(
  { importClause, moduleSpecifier }: ts.ImportDeclaration,
  file: ts.SourceFile,
): Declaration[] {
  const bindings = importClause?.namedBindings;
  const forms: [name: string, form: string][] = [];
  if (importClause?.name) forms.push([importClause.name.text, importClause.name.text]);
  if (bindings && ts.isNamespaceImport(bindings)) forms.push([bindings.name.text, bindings.getText(file)]);
  else if (bindings) {
    for (const element of bindings.elements) forms.push([element.name.text, `{ ${element.getText(file)} }`]);
  }
  const keyword = importClause?.isTypeOnly ? "import type" : "import";
  return forms.map(([name, form]) => ({
    text: `${keyword} ${form} from ${moduleSpecifier.getText(file)};`,
    names: [name],
    typeOnly: false,
  }));
}
