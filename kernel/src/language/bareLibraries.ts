import ts from "typescript";

const LIBRARY =
  /[\\/](?:@types[\\/]node|undici-types)[\\/].*\.d\.ts$|[\\/]typescript[\\/]lib[\\/]lib\..*\.d\.ts$/;
const COMMENT = /\/\*\*[\s\S]*?\*\//g;

/**
 * A file system in which the declarations of Node and of the language have no comments, which would be a quarter of the compiler's work
 * when a kernel starts. Everything else stays where it is, so that {@link libraryComment} finds them.
 */
export function withBareLibraries(sys: ts.System): ts.System {
  return Object.assign(Object.create(sys) as ts.System, {
    readFile(path: string, encoding?: string): string | undefined {
      const text = sys.readFile(path, encoding);
      if (!LIBRARY.test(path)) return text;
      return text?.replace(COMMENT, (comment) => " ".repeat(comment.length));
    },
  });
}

/** The comment on a declaration of Node's or of the language; "" where there is none. */
export function libraryComment(declaration: ts.Node): string {
  const { fileName } = declaration.getSourceFile();
  if (!LIBRARY.test(fileName)) return "";
  let node = declaration;
  // A variable's comment stands before its whole statement.
  if (ts.isVariableDeclaration(node) && ts.isVariableStatement(node.parent.parent)) node = node.parent.parent;
  const before = ts.sys.readFile(fileName)?.slice(node.getFullStart(), node.getStart()) ?? "";
  const comment = before.match(COMMENT)?.at(-1) ?? "";
  return comment
    .slice("/**".length, -"*/".length)
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}
