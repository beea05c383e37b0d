import { Tensor } from "../../tensor/tensor";
import { type Expression, ExpressionError } from "./parse";

/** What names mean: sizes' symbols, and `L`, the dictionary of the inputs. */
export interface Environment {
  /** The number of a symbol; undefined when it is not known. */
  symbol(name: string): number | undefined;
  /** Inputs by the names of the model's parameters; null where there are none. */
  inputs: Readonly<Record<string, unknown>> | null;
}

const floorDiv = (a: number, b: number): number => Math.floor(a / b);
const mod = (a: number, b: number): number => a - floorDiv(a, b) * b;

/** Python's operators, and sympy's and PyTorch's functions on sizes (torch/utils/_sympy/functions.py). */
const FUNCTIONS: ReadonlyMap<string, (...args: number[]) => number | boolean> = new Map<
  string,
  (...args: number[]) => number | boolean
>([
  ["+", (a, b) => a + b],
  ["-", (a, b) => a - b],
  ["*", (a, b) => a * b],
  ["/", (a, b) => a / b],
  ["//", floorDiv],
  ["%", mod],
  ["**", (a, b) => a ** b],
  ["<<", (a, b) => a * 2 ** b],
  [">>", (a, b) => Math.floor(a / 2 ** b)],
  ["neg", (a) => -a],
  ["not", (a) => !a],
  ["==", (a, b) => a === b],
  ["!=", (a, b) => a !== b],
  ["<", (a, b) => a < b],
  ["<=", (a, b) => a <= b],
  [">", (a, b) => a > b],
  [">=", (a, b) => a >= b],
  ["Integer", (a) => a],
  ["Identity", (a) => a],
  ["Float", (a) => Number(a)],
  ["Rational", (a, b) => a / b],
  ["Add", (...terms) => terms.reduce((sum, term) => sum + term, 0)],
  ["Mul", (...factors) => factors.reduce((product, factor) => product * factor, 1)],
  ["Pow", (a, b) => a ** b],
  ["PowByNatural", (a, b) => a ** b],
  ["FloatPow", (a, b) => a ** b],
  ["FloorDiv", floorDiv],
  ["CleanDiv", floorDiv],
  ["CeilDiv", (a, b) => Math.ceil(a / b)],
  ["IntTrueDiv", (a, b) => a / b],
  ["FloatTrueDiv", (a, b) => a / b],
  ["Mod", mod],
  ["PythonMod", mod],
  ["ModularIndexing", (base, divisor, modulus) => mod(floorDiv(base, divisor), modulus)],
  ["Where", (condition, a, b) => (condition ? a : b)],
  ["LShift", (a, b) => a * 2 ** b],
  ["RShift", (a, b) => Math.floor(a / 2 ** b)],
  ["TruncToInt", Math.trunc],
  ["TruncToFloat", Math.trunc],
  ["FloorToInt", Math.floor],
  ["CeilToInt", Math.ceil],
  ["ToFloat", (a) => a],
  ["trunc", Math.trunc],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
  ["Max", Math.max],
  ["Min", Math.min],
  ["max", Math.max],
  ["min", Math.min],
  ["int", Math.trunc],
  ["float", (a) => a],
  ["Eq", (a, b) => a === b],
  ["Equality", (a, b) => a === b],
  ["Ne", (a, b) => a !== b],
  ["Unequality", (a, b) => a !== b],
  ["GreaterThan", (a, b) => a >= b],
  ["LessThan", (a, b) => a <= b],
  ["StrictGreaterThan", (a, b) => a > b],
  ["StrictLessThan", (a, b) => a < b],
  ["And", (...all) => all.every(Boolean)],
  ["Or", (...any) => any.some(Boolean)],
  ["Not", (a) => !a],
]);

/** Properties of a tensor that guards look at; methods give functions. */
function tensorAttribute(tensor: Tensor, name: string): unknown {
  switch (name) {
    case "size":
      return (dim?: unknown) => (dim === undefined ? tensor.shape : tensor.shape.at(Number(dim)));
    case "stride":
      return (dim?: unknown) => (dim === undefined ? tensor.stride() : tensor.stride().at(Number(dim)));
    case "shape":
      return tensor.shape;
    case "ndim":
      return tensor.shape.length;
    case "dim":
      return () => tensor.shape.length;
    default:
      throw new ExpressionError(`.${name} of a tensor`);
  }
}

/**
 * The value of an expression.
 * @throws ExpressionError where it uses a name or function that has no meaning here.
 */
export function evaluate(expression: Expression, environment: Environment): unknown {
  switch (expression.type) {
    case "constant":
      return expression.value;
    case "name":
      return nameValue(expression.name, environment);
    case "attribute":
      return attributeValue(expression, environment);
    case "index":
      return indexed(evaluate(expression.of, environment), evaluate(expression.index, environment));
    case "call":
      return called(expression, environment);
    case "operation":
      return operated(expression, environment);
    case "comparison":
      return compared(expression, environment);
  }
}

function nameValue(name: string, environment: Environment): unknown {
  if (name === "L" && environment.inputs) return environment.inputs;
  const symbol = environment.symbol(name);
  if (symbol === undefined) throw new ExpressionError(`the name ${name}`);
  return symbol;
}

function attributeValue(expression: Expression & { type: "attribute" }, environment: Environment): unknown {
  const object = evaluate(expression.of, environment);
  if (object instanceof Tensor) return tensorAttribute(object, expression.name);
  throw new ExpressionError(`.${expression.name}`);
}

function indexed(object: unknown, index: unknown): unknown {
  if (Array.isArray(object) && typeof index === "number") return object.at(index);
  const isRecord = typeof object === "object" && object !== null && !(object instanceof Tensor);
  if (isRecord && Object.hasOwn(object, String(index)))
    return (object as Record<string, unknown>)[String(index)];
  throw new ExpressionError(`an index ${String(index)}`);
}

function called({ callee, args }: Expression & { type: "call" }, environment: Environment): unknown {
  if (callee.type === "name" && callee.name === "Symbol" && args[0]?.type === "constant") {
    return nameValue(String(args[0].value), environment);
  }
  // `math.floor` and `floor` are the same.
  const isMath = callee.type === "attribute" && callee.of.type === "name" && callee.of.name === "math";
  if (callee.type === "name" || isMath) return applied(callee.name, args, environment);
  if (callee.type !== "attribute") throw new ExpressionError("a call of something that is no function");
  const method = attributeValue(callee, environment);
  if (typeof method !== "function") throw new ExpressionError("a call of something that is no function");
  return method(...args.map((argument) => evaluate(argument, environment)));
}

function operated(
  { operator, operands }: Expression & { type: "operation" },
  environment: Environment,
): unknown {
  if (operator === "and" || operator === "or") {
    const left = evaluate(operands[0], environment);
    return Boolean(left) === (operator === "and") ? evaluate(operands[1], environment) : left;
  }
  return applied(operator, operands, environment);
}

function compared(
  { operators, operands }: Expression & { type: "comparison" },
  environment: Environment,
): boolean {
  let left = numberOf(operands[0], environment);
  return operators.every((operator, i) => {
    const right = numberOf(operands[i + 1], environment);
    const holds = FUNCTIONS.get(operator)?.(left, right);
    left = right;
    return holds === true;
  });
}

function applied(name: string, args: Expression[], environment: Environment): unknown {
  const rule = FUNCTIONS.get(name);
  if (!rule) throw new ExpressionError(`the function ${name}`);
  return rule(...args.map((argument) => numberOf(argument, environment)));
}

function numberOf(expression: Expression, environment: Environment): number {
  const value = evaluate(expression, environment);
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "boolean") return Number(number);
  if (typeof number !== "number") throw new ExpressionError("arithmetic on something that is no number");
  return number;
}
