const TOKEN =
  /\s+|#.*|[rbfuRBFU]{0,2}(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\d[\w.]*|\.\.\.|\.\d\w*|[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|\*\*=|\/\/=|>>=|<<=|[-+*/%@&|^=!<>:]=|->|\*\*|\/\/|<<|>>|[-+*/%@&|^~<>()[\]{},:;.=]/gy;

/** The tokens of a line of Python, without spaces and comments; null where it has others (a string that ends elsewhere). */
export function tokensOf(code: string): string[] | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < code.length) {
    const match = TOKEN.exec(code);
    if (!match) return null;
    if (!/^[\s#]/.test(match[0])) tokens.push(match[0]);
  }
  return tokens;
}
