/** A Python expression, as far as guards and sizes in archives use them. */
export type Expression =
  | { type: "constant"; value: number | string | boolean | null }
  | { type: "name"; name: string }
  | { type: "attribute"; of: Expression; name: string }
  | { type: "index"; of: Expression; index: Expression }
  | { type: "call"; callee: Expression; args: Expression[] }
  | { type: "operation"; operator: string; operands: Expression[] }
  /** `a < b <= c`: each operand is looked at once. */
  | { type: "comparison"; operators: string[]; operands: Expression[] };

/** The text is not an expression this parser knows. */
export class ExpressionError extends Error {}

const MAX_LENGTH = 20_000;
const MAX_DEPTH = 200;
/** Operators, names and numbers in one expression: a long sum is as deep as it is long. */
const MAX_OPERATORS = 3000;
const TOKEN =
  /\s+|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\/\/|\*\*|==|!=|<=|>=|<<|>>|[-+*/%<>()[\],.=~&|])/y;

type Token = { kind: "number" | "name" | "string" | "symbol" | "end"; text: string };

const KEYWORD_VALUES: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["True", true],
  ["False", false],
  ["None", null],
]);

/** Binary operators by precedence, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ["|"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%"],
];
const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];

/**
 * Parses a Python expression: arithmetic, comparisons, `and`, `or`, `not`, calls, indexing, attributes. Keyword
 * arguments are read over. The same syntax serves sympy's `Mul(Integer(2), Symbol('s0', integer=True))`.
 * @throws ExpressionError for anything else.
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

function tokenize(text: string): Token[] {
  if (text.length > MAX_LENGTH) throw new ExpressionError("the expression is too long");
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new ExpressionError(`unexpected ${JSON.stringify(text[at])}`);
    if (match[1] !== undefined) tokens.push({ kind: "number", text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: "name", text: match[2] });
    else if (match[3] !== undefined) tokens.push({ kind: "string", text: match[3] });
    else if (match[4] !== undefined) tokens.push({ kind: "string", text: match[4] });
    else if (match[5] !== undefined) tokens.push({ kind: "symbol", text: match[5] });
  }
  tokens.push({ kind: "end", text: "the end" });
  return tokens;
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;
  #operators = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.#disjunction();
    if (this.#token.kind !== "end") this.#unexpected();
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#at];
  }

  /** Notes one operator, name or number more. */
  #grow(): void {
    if (++this.#operators > MAX_OPERATORS) throw new ExpressionError("the expression has too many operators");
  }

  #unexpected(): never {
    throw new ExpressionError(`unexpected ${this.#token.text}`);
  }

  /** Takes the next token if it is one of these symbols or keywords. */
  #take(...texts: string[]): string | null {
    const { kind, text } = this.#token;
    if ((kind !== "symbol" && kind !== "name") || !texts.includes(text)) return null;
    this.#at++;
    return text;
  }

  #expect(text: string): void {
    if (this.#take(text) === null) this.#unexpected();
  }

  #disjunction(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError("the expression is nested too deep");
    let left = this.#conjunction();
    while (this.#take("or")) {
      this.#grow();
      left = operation("or", left, this.#conjunction());
    }
    this.#depth--;
    return left;
  }

  #conjunction(): Expression {
    let left = this.#negation();
    while (this.#take("and")) {
      this.#grow();
      left = operation("and", left, this.#negation());
    }
    return left;
  }

  #negation(): Expression {
    let count = 0;
    while (this.#take("not")) count++;
    const inner = this.#comparison();
    return count === 0 ? inner : operation("not", count % 2 === 1 ? inner : operation("not", inner));
  }

  #comparison(): Expression {
    const operands = [this.#binary(0)];
    const operators: string[] = [];
    for (let operator = this.#take(...COMPARISONS); operator; operator = this.#take(...COMPARISONS)) {
      this.#grow();
      operators.push(operator);
      operands.push(this.#binary(0));
    }
    return operators.length === 0 ? operands[0] : { type: "comparison", operators, operands };
  }

  #binary(level: number): Expression {
    if (level === LEVELS.length) return this.#unary();
    let left = this.#binary(level + 1);
    for (let operator = this.#take(...LEVELS[level]); operator; operator = this.#take(...LEVELS[level])) {
      this.#grow();
      left = operation(operator, left, this.#binary(level + 1));
    }
    return left;
  }

  #unary(): Expression {
    let negative = false;
    for (let sign = this.#take("-", "+"); sign; sign = this.#take("-", "+"))
      negative = negative !== (sign === "-");
    const inner = this.#power();
    return negative ? operation("neg", inner) : inner;
  }

  #power(): Expression {
    const base = this.#postfix();
    if (!this.#take("**")) return base;
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError("the expression is nested too deep");
    const exponent = this.#unary();
    this.#depth--;
    return operation("**", base, exponent);
  }

  #postfix(): Expression {
    let expression = this.#atom();
    while (true) {
      this.#grow();
      if (this.#take(".")) {
        if (this.#token.kind !== "name") this.#unexpected();
        expression = { type: "attribute", of: expression, name: this.#tokens[this.#at++].text };
      } else if (this.#take("[")) {
        expression = { type: "index", of: expression, index: this.#disjunction() };
        this.#expect("]");
      } else if (this.#take("(")) {
        expression = { type: "call", callee: expression, args: this.#args() };
      } else {
        return expression;
      }
    }
  }

  #args(): Expression[] {
    const args: Expression[] = [];
    while (!this.#take(")")) {
      const isKeyword = this.#token.kind === "name" && this.#tokens[this.#at + 1]?.text === "=";
      if (isKeyword) this.#at += 2;
      const argument = this.#disjunction();
      if (!isKeyword) args.push(argument);
      if (this.#take(",")) continue;
      this.#expect(")");
      break;
    }
    return args;
  }

  #atom(): Expression {
    const { kind, text } = this.#token;
    if (kind === "end") this.#unexpected();
    this.#at++;
    if (kind === "number") return { type: "constant", value: Number(text) };
    if (kind === "string") return { type: "constant", value: text };
    if (kind === "name") {
      const value = KEYWORD_VALUES.get(text);
      return value === undefined ? { type: "name", name: text } : { type: "constant", value };
    }
    if (text === "(") {
      const inner = this.#disjunction();
      this.#expect(")");
      return inner;
    }
    this.#at--;
    this.#unexpected();
  }
}

function operation(operator: string, ...operands: Expression[]): Expression {
  return { type: "operation", operator, operands };
}
