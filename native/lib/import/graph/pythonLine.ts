import { tokensOf } from "./pythonTokens";

/**
 * Reads one line of Python as far as it tells in which order values are used: an archive has the line that made a node, not the
 * variables that it was made of.
 */

/** What a line computes from: a variable (`h`, or the part `out|sub_1` of one), a list of them, or something without a name. */
export type Operand =
  | { kind: "variable"; name: string }
  | { kind: "list"; items: Operand[] }
  | { kind: "constant" }
  | { kind: "library" }
  | { kind: "made" };

/** An operator or a call, and the variables that it is given as they are. */
export interface Operation {
  /** A call of PyTorch's functions, of a method, of something else (which may use what it is given in any order). */
  kind: "operator" | "function" | "method" | "call";
  operands: string[];
  /** Those given by keyword, by the keyword. */
  keywords: ReadonlyMap<string, string>;
}

export interface PythonLine {
  /** In the order in which Python runs them. */
  operations: Operation[];
  /** What the line returns. */
  returned: Operand | null;
}

/** Tighter ones are greater. */
const BINARY: ReadonlyMap<string, number> = new Map([
  ...["==", "!=", "<", "<=", ">", ">=", "in", "is"].map((operator) => [operator, 0] as const),
  ["|", 1],
  ["^", 2],
  ["&", 3],
  ["<<", 4],
  [">>", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["/", 6],
  ["//", 6],
  ["%", 6],
  ["@", 6],
]);
const AUGMENTED: ReadonlySet<string> = new Set(
  ["+", "-", "*", "/", "//", "%", "@", "**", "&", "|", "^", "<<", ">>"].map((operator) => `${operator}=`),
);
const CLOSERS: ReadonlySet<string> = new Set([")", "]", "}"]);
/** Here the order in which things run is not that of the line. */
const UNREADABLE: ReadonlySet<string> = new Set(
  "lambda if else for async await and or not with yield :=".split(" "),
);
/** Modules of functions. */
const LIBRARIES: ReadonlySet<string> = new Set(["torch", "F", "nn", "functional"]);
const CONSTANTS: ReadonlySet<string> = new Set(["None", "True", "False", "..."]);
/** Attributes that are tensors. */
const TENSORS: ReadonlySet<string> = new Set(["T", "mT", "H", "mH", "real", "imag", "data"]);
/** Attributes and methods that tell about a tensor and make none. */
const NUMBERS: ReadonlySet<string> = new Set(
  "shape dtype device ndim size dim numel stride requires_grad is_floating_point is_complex".split(" "),
);
/** A line nested deeper is no line that somebody wrote. */
const MAX_DEPTH = 50;

class Unreadable extends Error {}

/**
 * @param containers variables that are tuples or the like: their parts have names of their own
 * @returns null for lines that do not tell the order (conditions, comprehensions, functions)
 */
export function readLine(code: string, containers: ReadonlySet<string> = new Set()): PythonLine | null {
  const tokens = tokensOf(code.replace(/^def [^:]*:\s*(?=\S)/, ""));
  if (tokens === null) return null;
  try {
    return new LineReader(tokens, containers).read();
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

class LineReader {
  readonly #operations: Operation[] = [];
  #returned: Operand | null = null;
  #at = 0;
  #depth = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly containers: ReadonlySet<string>,
  ) {}

  read(): PythonLine {
    while (this.#at < this.tokens.length) {
      this.#statement();
      this.#take(";");
    }
    return { operations: this.#operations, returned: this.#returned };
  }

  #statement(): void {
    if (this.#take("return")) {
      this.#returned = this.#list();
      return;
    }
    const end = this.#endOfStatement();
    const value = this.#assignedFrom(end);
    if (value === null) {
      const left = this.#list();
      const isAugmented = AUGMENTED.has(this.#next());
      if (isAugmented) {
        this.#at++;
        this.#add([left, this.#list()]);
      }
      this.#at = end;
      return;
    }
    const start = this.#at;
    this.#at = value;
    const given = this.#list();
    this.#at = end;
    const target = this.tokens.slice(start, value - 1);
    if (!target.includes("[")) return;
    // `x[index] = value`
    const written = new LineReader(target, this.containers).read().operations.at(-1);
    if (written) this.#operations.push({ ...written, operands: [...written.operands, ...namesOf(given)] });
  }

  /** Index of the `;` or of the end. */
  #endOfStatement(): number {
    const end = this.tokens.indexOf(";", this.#at);
    return end < 0 ? this.tokens.length : end;
  }

  /** Where the value of an assignment begins; null where the statement is none. */
  #assignedFrom(end: number): number | null {
    let depth = 0;
    let from: number | null = null;
    for (let i = this.#at; i < end; i++) {
      const token = this.tokens[i];
      if ("([{".includes(token)) depth++;
      if (CLOSERS.has(token)) depth--;
      if (token === "=" && depth === 0) from = i + 1;
    }
    return from;
  }

  #next(): string {
    return this.tokens[this.#at] ?? "";
  }

  #take(token: string): boolean {
    if (this.#next() !== token) return false;
    this.#at++;
    return true;
  }

  #add(
    operands: readonly Operand[],
    kind: Operation["kind"] = "operator",
    keywords: ReadonlyMap<string, string> = new Map(),
  ): Operand {
    const names = operands.flatMap(namesOf);
    if (names.length > 0 || keywords.size > 0) this.#operations.push({ kind, operands: names, keywords });
    return { kind: "made" };
  }

  /** What stands between commas, up to a bracket that is not opened here: the line may be a part of a statement. */
  #list(): Operand {
    const items: Operand[] = [];
    let isList = false;
    while (this.#at < this.tokens.length && this.#next() !== ";" && !AUGMENTED.has(this.#next())) {
      if (this.#take(",")) isList = true;
      else if (CLOSERS.has(this.#next())) {
        this.#at++;
        this.#postfix({ kind: "made" });
      } else if (!this.#take("=") && !this.#take(":")) items.push(this.#expression(0));
    }
    return isList || items.length !== 1 ? { kind: "list", items } : items[0];
  }

  #expression(least: number): Operand {
    let left = this.#unary();
    for (;;) {
      const priority = BINARY.get(this.#next());
      if (priority === undefined || priority < least) break;
      this.#at++;
      left = this.#add([left, this.#expression(priority + 1)]);
    }
    if (UNREADABLE.has(this.#next())) throw new Unreadable();
    return left;
  }

  #unary(): Operand {
    if (++this.#depth > MAX_DEPTH) throw new Unreadable();
    const operand = this.#signed();
    this.#depth--;
    return operand;
  }

  #signed(): Operand {
    if (["-", "+", "~"].includes(this.#next())) {
      this.#at++;
      const operand = this.#unary();
      return operand.kind === "constant" ? operand : this.#add([operand]);
    }
    if (this.#take("*") || this.#take("**")) return this.#unary();
    const base = this.#postfix(this.#atom());
    return this.#take("**") ? this.#add([base, this.#unary()]) : base;
  }

  #atom(): Operand {
    const token = this.#next();
    if (token === "" || UNREADABLE.has(token)) throw new Unreadable();
    this.#at++;
    if (token === "(" || token === "[" || token === "{") return this.#bracket(token);
    if (CONSTANTS.has(token) || /^["'\d.]|^[rbfuRBFU]+["']/.test(token)) return { kind: "constant" };
    if (!/^[A-Za-z_]/.test(token)) throw new Unreadable();
    // A function's name is none of a value.
    if (this.#next() === "(") return { kind: "made" };
    return LIBRARIES.has(token) ? { kind: "library" } : { kind: "variable", name: token };
  }

  #bracket(open: string): Operand {
    const { items, hasComma } = this.#items();
    if (open === "(" && !hasComma && items.length === 1) return items[0];
    return { kind: "list", items };
  }

  /** Up to the bracket that closes. */
  #items(): { items: Operand[]; keywords: Map<string, string>; hasComma: boolean } {
    const items: Operand[] = [];
    const keywords = new Map<string, string>();
    let hasComma = false;
    while (this.#at < this.tokens.length && !CLOSERS.has(this.#next())) {
      if (this.#take(",")) hasComma = true;
      else if (this.tokens[this.#at + 1] === "=") {
        const keyword = this.#next();
        this.#at += 2;
        const operand = this.#expression(0);
        if (operand.kind === "variable") keywords.set(keyword, operand.name);
        else for (const name of namesOf(operand)) keywords.set(`${keyword} ${name}`, name);
      } else if (!this.#take(":")) items.push(this.#expression(0));
    }
    this.#at++;
    return { items, keywords, hasComma };
  }

  #postfix(start: Operand): Operand {
    let base = start;
    for (;;) {
      if (this.#take(".")) base = this.#attribute(base, this.tokens[this.#at++] ?? "");
      else if (this.#take("(")) base = this.#call("call", []);
      else if (this.#take("[")) base = this.#subscript(base);
      else return base;
    }
  }

  #attribute(base: Operand, name: string): Operand {
    const isMethod = this.#take("(");
    if (NUMBERS.has(name) && base.kind !== "library") {
      if (isMethod) this.#items();
      return { kind: "constant" };
    }
    if (base.kind === "library") return isMethod ? this.#call("function", []) : base;
    if (isMethod) return this.#call("method", [base]);
    if (TENSORS.has(name)) return this.#add([base]);
    return this.#partOf(base, name) ?? { kind: "made" };
  }

  #call(kind: Operation["kind"], receiver: readonly Operand[]): Operand {
    const { items, keywords } = this.#items();
    return this.#add([...receiver, ...items], kind, keywords);
  }

  #subscript(base: Operand): Operand {
    const [index] = this.tokens.slice(this.#at);
    const isAlone = this.tokens[this.#at + 1] === "]";
    const place = /^\d+$/.test(index) ? `sub_${index}` : /^(["'])(\w+)\1$/.exec(index)?.[2];
    const part = isAlone && place !== undefined ? this.#partOf(base, place) : null;
    const { items } = this.#items();
    return part ?? (base.kind === "constant" ? base : this.#add([base, ...items]));
  }

  #partOf(base: Operand, place: string): Operand | null {
    if (base.kind !== "variable") return null;
    const [variable, path] = base.name.split("|");
    if (!this.containers.has(variable)) return null;
    return { kind: "variable", name: `${variable}|${path === undefined ? "" : `${path}.`}${place}` };
  }
}

/** The variables that an operation is given. */
export function variablesIn({ operands, keywords }: Operation): string[] {
  return [...operands, ...keywords.values()];
}

function namesOf(operand: Operand): string[] {
  if (operand.kind === "variable") return [operand.name];
  return operand.kind === "list" ? operand.items.flatMap(namesOf) : [];
}
