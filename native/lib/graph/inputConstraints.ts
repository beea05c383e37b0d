import { ShapeError } from "../errors";
import { Tensor } from "../tensor/tensor";
import { evaluate } from "./expressions/evaluate";
import { type Expression, ExpressionError, parseExpression } from "./expressions/parse";

/**
 * What an exported model was promised about its inputs. Plain data, so that a saved graph can keep it; the expressions
 * are Python's or sympy's.
 */
export interface InputConstraints {
  /** For each input of the graph its sizes, or for a number its value: fixed, or an expression over symbols. */
  sizes: (number | string)[][];
  /** Range of each symbol or expression. */
  ranges: Record<string, SymbolRange>;
  /** Conditions on the inputs: `L['x'].size()[0] == L['y'].size()[0]`. */
  guards: string[];
}

/** What a size may be; null for no bound. */
export interface SymbolRange {
  min: number | null;
  max: number | null;
}

/** Export assumes that sizes are no 0 or 1, and PyTorch allows them all the same when a graph runs. */
const ASSUMED_MIN = 2;

/** A bound input and its name. */
interface NamedInput {
  name: string;
  value: Tensor | number | boolean;
}

/** Where a symbol was first seen. */
interface Found {
  size: number;
  where: string;
}

function parseOrNull(text: string): Expression | null {
  try {
    return parseExpression(text);
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}

/** Checks inputs against the constraints of one graph; expressions are parsed once. */
export class ConstraintChecker {
  readonly #sizes: (number | Expression | null)[][];
  readonly #ranges: { text: string; expression: Expression | null; min: number | null; max: number | null }[];
  readonly #guards: { text: string; expression: Expression }[] = [];
  /** Guards that no check here understands. */
  readonly unchecked: string[] = [];

  constructor({ sizes, ranges, guards }: InputConstraints) {
    this.#sizes = sizes.map((dims) =>
      dims.map((size) => (typeof size === "number" ? size : parseOrNull(size))),
    );
    // Expressions first: they are dimensions, where the symbols in them may be none.
    this.#ranges = Object.entries(ranges)
      .map(([text, range]) => ({ text, expression: parseOrNull(text), ...range }))
      .sort((a, b) => Number(isSymbol(a.expression)) - Number(isSymbol(b.expression)));
    for (const text of guards) {
      const expression = parseOrNull(text);
      if (expression) this.#guards.push({ text, expression });
      else this.unchecked.push(text);
    }
  }

  /**
   * @param byParameter what each parameter of the forward was given, which guards look at
   * @throws ShapeError naming the input and what it may be.
   */
  check(inputs: readonly NamedInput[], byParameter: Readonly<Record<string, unknown>>): void {
    const symbols = this.#unify(inputs);
    this.#solve(inputs, symbols);
    const environment = { symbol: (name: string) => symbols.get(name)?.size, inputs: byParameter };
    this.#checkDerived(inputs, environment);
    this.#checkRanges(inputs, symbols, environment);
    for (const { text, expression } of this.#guards) {
      if (tryEvaluate(expression, environment) !== false) continue;
      const shapes = inputs.map(({ name, value }) => `${name} ${describe(value)}`).join(", ");
      throw new ShapeError(
        `the inputs break a condition of the exported model: ${readable(text)} (given: ${shapes})`,
      );
    }
  }

  /** Sizes of the symbols, from the dimensions that are nothing but a symbol; fixed sizes are compared. */
  #unify(inputs: readonly NamedInput[]): Map<string, Found> {
    const symbols = new Map<string, Found>();
    this.#eachSize(inputs, (wanted, size, where) => {
      if (typeof wanted === "number" && wanted !== size) {
        throw new ShapeError(`${where} must be ${wanted}, as when the model was exported, and is ${size}`);
      }
      const symbol = wanted === null || typeof wanted === "number" ? null : symbolName(wanted);
      if (symbol === null) return;
      const known = symbols.get(symbol);
      if (!known) symbols.set(symbol, { size, where });
      else if (known.size !== size) {
        throw new ShapeError(
          `${where} is ${size}, but must be the same as ${known.where}, which is ${known.size}`,
        );
      }
    });
    return symbols;
  }

  /** Symbols that are no dimension themselves, from dimensions that are a multiple of one and a constant (`4 * blocks`). */
  #solve(inputs: readonly NamedInput[], symbols: Map<string, Found>): void {
    this.#eachSize(inputs, (wanted, size, where) => {
      if (wanted === null || typeof wanted === "number" || symbolName(wanted) !== null) return;
      const unknown = new Set<string>();
      const at = (probe: number) =>
        tryEvaluate(wanted, {
          inputs: null,
          symbol: (name) => {
            const known = symbols.get(name)?.size;
            if (known === undefined) unknown.add(name);
            return known ?? probe;
          },
        });
      const [first, second, third] = [at(1000), at(2000), at(3000)].map(Number);
      const [name] = unknown;
      const factor = (second - first) / 1000;
      // Whole multiples only: anything else says nothing here.
      if (
        unknown.size !== 1 ||
        !Number.isInteger(factor) ||
        factor === 0 ||
        third - second !== second - first
      )
        return;
      const rest = first - 1000 * factor;
      const solved = (size - rest) / factor;
      if (!Number.isInteger(solved)) {
        const form = rest === 0 ? `a multiple of ${factor}` : `a multiple of ${factor}, and ${rest}`;
        throw new ShapeError(`${where} is ${size}, but must be ${form}`);
      }
      symbols.set(name, { size: solved, where: `${name}, which ${where} is made of,` });
    });
  }

  /** Dimensions that follow from others: twice as long, one less. */
  #checkDerived(inputs: readonly NamedInput[], environment: Parameters<typeof evaluate>[1]): void {
    this.#eachSize(inputs, (wanted, size, where) => {
      if (wanted === null || typeof wanted === "number") return;
      const expected = tryEvaluate(wanted, environment);
      if (typeof expected === "number" && expected !== size) {
        throw new ShapeError(
          `${where} is ${size}, but must be ${expected}, which follows from the other inputs' sizes`,
        );
      }
    });
  }

  #checkRanges(
    inputs: readonly NamedInput[],
    symbols: ReadonlyMap<string, Found>,
    environment: Parameters<typeof evaluate>[1],
  ): void {
    for (const { text, expression, min, max } of this.#ranges) {
      const size = expression && tryEvaluate(expression, environment);
      if (!expression || typeof size !== "number") continue;
      const tooSmall = min !== null && min > ASSUMED_MIN && size < min;
      if (!tooSmall && (max === null || size <= max)) continue;
      const from = min !== null && min > ASSUMED_MIN ? `at least ${min}` : "";
      const to = max === null ? "" : `at most ${max}`;
      const where =
        symbols.get(text)?.where ?? this.#placeOf(expression, inputs) ?? `the size ${text} of the inputs`;
      throw new ShapeError(
        `${where} is ${size}; the model was exported for sizes of ${[from, to].filter(Boolean).join(" and ")}`,
      );
    }
  }

  /** The dimension that an expression is the size of: one that is the same for any sizes. */
  #placeOf(expression: Expression, inputs: readonly NamedInput[]): string | null {
    const probes = [1009, 2003].map((factor) => ({
      inputs: null,
      symbol: (name: string) => factor * [...name].reduce((sum, char) => sum * 7 + char.charCodeAt(0), 1),
    }));
    const same = (wanted: Expression) =>
      probes.every((probe) => tryEvaluate(wanted, probe) === tryEvaluate(expression, probe));
    let found: string | null = null;
    this.#eachSize(inputs, (wanted, _size, where) => {
      if (wanted !== null && typeof wanted !== "number" && same(wanted)) found ??= where;
    });
    return found;
  }

  #eachSize(
    inputs: readonly NamedInput[],
    visit: (wanted: number | Expression | null, size: number, where: string) => void,
  ): void {
    inputs.forEach(({ name, value }, i) => {
      const wanted = this.#sizes[i] ?? [];
      if (!(value instanceof Tensor)) {
        if (wanted.length > 0) visit(wanted[0], Number(value), `input ${name}`);
        return;
      }
      value.shape.forEach((size, dim) => {
        if (dim < wanted.length) visit(wanted[dim], size, `input ${name}: its size ${dim}`);
      });
    });
  }
}

/** `L['x'].size()[1]` as `x.size(1)`. */
function readable(guard: string): string {
  return guard.replace(/L\['(\w+)'\]/g, "$1").replace(/\.size\(\)\[(\d+)\]/g, ".size($1)");
}

function describe(value: Tensor | number | boolean): string {
  return value instanceof Tensor ? `[${value.shape.join(", ")}]` : String(value);
}

function isSymbol(expression: Expression | null): boolean {
  return expression !== null && symbolName(expression) !== null;
}

/** The name of a bare symbol: `s0`, or sympy's `Symbol('s0', integer=True)`. */
function symbolName(expression: Expression): string | null {
  if (expression.type === "name") return expression.name;
  if (expression.type !== "call" || expression.callee.type !== "name" || expression.callee.name !== "Symbol")
    return null;
  const [name] = expression.args;
  return name?.type === "constant" ? String(name.value) : null;
}

/** Undefined where something in the expression is not known. */
function tryEvaluate(expression: Expression, environment: Parameters<typeof evaluate>[1]): unknown {
  try {
    return evaluate(expression, environment);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}
