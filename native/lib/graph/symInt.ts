import type { Size, SymInt as SymIntLike } from "../dispatch/size";
import { ArgumentError } from "../errors";

/** Operators on sizes that a model can use; rounding as in Python. Names as in `NumberOp` of src/graph/number_ops.h. */
export type SizeOperator = "add" | "sub" | "mul" | "floordiv" | "mod" | "neg" | "min" | "max";

/** All operators on numbers that a graph can hold, as Python has them; imported graphs use them. */
export type NumberOperator =
  | SizeOperator
  | "size"
  | "stride"
  | "numel"
  | "storage_offset"
  | "truediv"
  | "pow"
  | "pos"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "and"
  | "or"
  | "not"
  | "lshift"
  | "rshift"
  | "trunc"
  | "floor"
  | "ceil"
  | "round"
  | "float"
  | "ite"
  | "sqrt"
  | "sum";

/** What records arithmetic on sizes: the tracer. */
export interface NumberRecorder {
  /** Records `operator` on `operands`, whose result is `concrete` in this trace. */
  recordNumber(operator: SizeOperator, operands: Size[], concrete: number): SymInt;
  /** The number was read as a plain one: the graph holds only while it stays the same. */
  recordGuard(size: SymInt): void;
}

/**
 * A size that is not fixed by the captured example: `x.size(1)` while a model is captured. It can stand wherever an
 * operator takes a size, and in the arithmetic of {@link sym}. Used as a plain number (`n * 2`, `for (i < n)`), it
 * gives the example's number and records a guard, which later inputs must satisfy.
 */
export class SymInt implements SymIntLike {
  readonly isSymInt = true;

  constructor(
    private readonly recorder: NumberRecorder,
    /** Its number in the graph. */
    readonly value: number,
    /** Its number in the captured example. */
    readonly concrete: number,
  ) {}

  valueOf(): number {
    this.recorder.recordGuard(this);
    return this.concrete;
  }

  toString(): string {
    return String(this.concrete);
  }

  record(operator: SizeOperator, operands: Size[], concrete: number): SymInt {
    return this.recorder.recordNumber(operator, operands, concrete);
  }
}

/** The plain number of a size, without a guard. */
export function concreteSize(size: Size): number {
  return size instanceof SymInt ? size.concrete : Number(size);
}

const RULES: Record<SizeOperator, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  floordiv: (a, b) => {
    if (b === 0) throw new ArgumentError("integer division of a size by zero");
    return Math.floor(a / b);
  },
  mod: (a, b) => a - RULES.floordiv(a, b) * b,
  neg: (a) => -a,
  min: Math.min,
  max: Math.max,
};

function apply(operator: SizeOperator, ...operands: Size[]): Size {
  const [a, b] = operands.map(concreteSize);
  const concrete = RULES[operator](a, b ?? 0);
  const symbolic = operands.find((operand) => operand instanceof SymInt);
  return symbolic instanceof SymInt ? symbolic.record(operator, operands, concrete) : concrete;
}

/** Arithmetic on sizes that stays symbolic while a model is captured; on plain numbers it is plain arithmetic. */
export const sym = {
  add: (a: Size, b: Size): Size => apply("add", a, b),
  sub: (a: Size, b: Size): Size => apply("sub", a, b),
  mul: (a: Size, b: Size): Size => apply("mul", a, b),
  floordiv: (a: Size, b: Size): Size => apply("floordiv", a, b),
  mod: (a: Size, b: Size): Size => apply("mod", a, b),
  neg: (a: Size): Size => apply("neg", a),
  min: (a: Size, b: Size): Size => apply("min", a, b),
  max: (a: Size, b: Size): Size => apply("max", a, b),
};
