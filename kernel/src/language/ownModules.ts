import ts from "typescript";

/** Functions of the compiler that are not in its public types. */
interface ImportsOfFiles {
  imports: readonly ts.StringLiteralLike[];
}
interface ResolvedImports {
  getResolvedModuleFromModuleSpecifier(
    specifier: ts.StringLiteralLike,
    file: ts.SourceFile,
  ): { resolvedModule?: ts.ResolvedModuleFull } | undefined;
}

const { Ts, Js, Mts, Cts } = ts.Extension;
/** Of files that are compiled with a cell. */
const COMPILED = new Set<string>([Ts, Js, Mts, Cts]);

/** A file, and the modules beside the notebook that it imports, directly or through others. */
export function ownModules(file: ts.SourceFile, program: ts.Program): ts.SourceFile[] {
  const found = new Set([file]);
  // A set visits what is added on the way.
  for (const importer of found) {
    for (const imported of importedModules(importer, program)) found.add(imported);
  }
  return [...found];
}

/** The modules beside the notebook that a file itself imports. */
export function importedModules(file: ts.SourceFile, program: ts.Program): ts.SourceFile[] {
  const { getResolvedModuleFromModuleSpecifier: resolved } = program as ts.Program & ResolvedImports;
  const { imports } = file as ts.SourceFile & ImportsOfFiles;
  return imports.flatMap((specifier) => {
    const module = resolved(specifier, file)?.resolvedModule;
    if (!module || module.isExternalLibraryImport || !COMPILED.has(module.extension)) return [];
    return program.getSourceFile(module.resolvedFileName) ?? [];
  });
}
