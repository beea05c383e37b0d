import ts from "typescript";
import { importedModules } from "./ownModules";

/** Where `await` stands outside of any function. */
export function topLevelAwaits(file: ts.SourceFile): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isAwaitExpression(node)) found.push(node.getStart(file));
    else if (ts.isForOfStatement(node) && node.awaitModifier) found.push(node.awaitModifier.getStart(file));
    else if (
      ts.isVariableDeclarationList(node) &&
      (node.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.AwaitUsing
    ) {
      found.push(node.getStart(file));
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

/** The modules beside the notebook that await at their top level and that a cell imports, directly or through others; each after those it imports. */
export function modulesThatAwait(cell: ts.SourceFile, program: ts.Program): string[] {
  const seen = new Set([cell]);
  const found: string[] = [];
  const visit = (file: ts.SourceFile): void => {
    for (const imported of importedModules(file, program)) {
      if (seen.has(imported)) continue;
      seen.add(imported);
      visit(imported);
      if (topLevelAwaits(imported).length > 0) found.push(imported.fileName);
    }
  };
  visit(cell);
  return found;
}
