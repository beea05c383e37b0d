import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** What a name that a module exports stands for. */
export interface ExportedName {
  value: boolean;
  /** Type parameters as written, e.g. `<T extends string = string>`; "" for none; null where the name is no type. */
  typeParameters: string | null;
  /** Exports of the namespace, where the name is `export * as name`. */
  namespace: ModuleExports | null;
}

export type ModuleExports = Map<string, ExportedName>;

const NOTHING: ExportedName = { value: false, typeParameters: null, namespace: null };

/**
 * Reads what a module exports from its declaration files, without type checking (which would cost seconds at every start).
 * @param file a `.d.ts` file
 */
export function moduleExports(file: string): ModuleExports {
  return new DeclarationReader().exportsOf(file);
}

class DeclarationReader {
  readonly #known = new Map<string, ModuleExports>();

  exportsOf(file: string): ModuleExports {
    const known = this.#known.get(file);
    if (known) return known;
    const found: ModuleExports = new Map();
    // Set before it is filled: modules may import each other.
    this.#known.set(file, found);
    const options = {
      languageVersion: ts.ScriptTarget.Latest,
      jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
    };
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), options, true);
    for (const statement of source.statements) {
      if (ts.isExportDeclaration(statement)) this.#exportDeclaration(statement, source, found);
      else
        for (const [name, meaning] of declared(statement))
          if (isExported(statement)) merge(found, name, meaning);
    }
    return found;
  }

  #exportDeclaration(statement: ts.ExportDeclaration, source: ts.SourceFile, found: ModuleExports): void {
    const from = statement.moduleSpecifier && this.#resolve(source.fileName, statement.moduleSpecifier);
    const { exportClause } = statement;
    if (!exportClause) {
      for (const [name, meaning] of from ? this.exportsOf(from) : []) merge(found, name, meaning);
    } else if (ts.isNamespaceExport(exportClause)) {
      const namespace = from ? this.exportsOf(from) : null;
      merge(found, exportClause.name.text, { value: true, typeParameters: null, namespace });
    } else {
      for (const { name, propertyName, isTypeOnly } of exportClause.elements) {
        const original = (propertyName ?? name).text;
        const meaning = from ? this.exportsOf(from).get(original) : this.#local(source, original);
        if (!meaning) continue;
        const typeOnly = isTypeOnly || statement.isTypeOnly;
        merge(found, name.text, typeOnly ? { ...meaning, value: false } : meaning);
      }
    }
  }

  /** A name declared or imported in `source`. */
  #local(source: ts.SourceFile, name: string): ExportedName | undefined {
    for (const statement of source.statements) {
      for (const [candidate, meaning] of declared(statement)) if (candidate === name) return meaning;
      if (!ts.isImportDeclaration(statement)) continue;
      const bindings = statement.importClause?.namedBindings;
      const from = this.#resolve(source.fileName, statement.moduleSpecifier);
      if (!bindings || !from) continue;
      if (ts.isNamespaceImport(bindings)) {
        if (bindings.name.text === name)
          return { value: true, typeParameters: null, namespace: this.exportsOf(from) };
        continue;
      }
      const element = bindings.elements.find((one) => one.name.text === name);
      if (element) return this.exportsOf(from).get((element.propertyName ?? element.name).text);
    }
    return undefined;
  }

  /** The declaration file of a relative import; null for packages. */
  #resolve(from: string, specifier: ts.Expression): string | null {
    if (!ts.isStringLiteral(specifier) || !specifier.text.startsWith(".")) return null;
    const base = join(dirname(from), specifier.text.replace(/\.js$/, ""));
    return [`${base}.d.ts`, join(base, "index.d.ts")].find((candidate) => existsSync(candidate)) ?? null;
  }
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function declared(statement: ts.Statement): [string, ExportedName][] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations
      .filter(({ name }) => ts.isIdentifier(name))
      .map(({ name }) => [name.getText(), { ...NOTHING, value: true }]);
  }
  if (ts.isFunctionDeclaration(statement) && statement.name)
    return [[statement.name.text, { ...NOTHING, value: true }]];
  if (ts.isEnumDeclaration(statement))
    return [[statement.name.text, { ...NOTHING, value: true, typeParameters: "" }]];
  if (ts.isClassDeclaration(statement) && statement.name) {
    return [[statement.name.text, { ...NOTHING, value: true, typeParameters: parametersOf(statement) }]];
  }
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
    return [[statement.name.text, { ...NOTHING, typeParameters: parametersOf(statement) }]];
  }
  return [];
}

function parametersOf({
  typeParameters,
}: {
  typeParameters?: ts.NodeArray<ts.TypeParameterDeclaration>;
}): string {
  return typeParameters ? `<${typeParameters.map((parameter) => parameter.getText()).join(", ")}>` : "";
}

function merge(found: ModuleExports, name: string, meaning: ExportedName): void {
  const before = found.get(name) ?? NOTHING;
  found.set(name, {
    value: before.value || meaning.value,
    typeParameters: before.typeParameters ?? meaning.typeParameters,
    namespace: before.namespace ?? meaning.namespace,
  });
}
