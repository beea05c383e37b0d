import ts from "typescript";

export interface Documentation {
  documentation: ts.SymbolDisplayPart[];
  tags: ts.JSDocTagInfo[];
}

/** Functions of the compiler that are not in its public types. */
interface CommentReader {
  JsDoc: {
    getJsDocCommentsFromDeclarations(declarations: readonly ts.Node[]): ts.SymbolDisplayPart[];
    getJsDocTagsFromDeclarations(declarations: readonly ts.Node[]): ts.JSDocTagInfo[];
  };
}

const { JsDoc } = ts as unknown as CommentReader;
const COMMENT = /\/\*\*[\s\S]*?\*\//g;

/**
 * What the comments on declarations say, as the compiler's own language service puts it. Programs are made without parsing
 * comments, which is a quarter of the work on declarations; here those that are asked for are parsed.
 */
export function documentationOf(declarations: readonly ts.Declaration[]): Documentation {
  const text = declarations.map((declaration) => `${commentOn(declaration)}\nlet documented;`).join("\n");
  const { statements } = ts.createSourceFile("comments.ts", text, ts.ScriptTarget.Latest, true);
  return {
    documentation: JsDoc.getJsDocCommentsFromDeclarations(statements),
    tags: JsDoc.getJsDocTagsFromDeclarations(statements),
  };
}

/** The comment right before a declaration; "" where there is none. */
function commentOn(declaration: ts.Declaration): string {
  let node: ts.Node = declaration;
  // A variable's comment stands before its whole statement.
  if (ts.isVariableDeclaration(node) && ts.isVariableStatement(node.parent.parent)) node = node.parent.parent;
  const { text } = node.getSourceFile();
  return text.slice(node.pos, node.getStart()).match(COMMENT)?.at(-1) ?? "";
}
