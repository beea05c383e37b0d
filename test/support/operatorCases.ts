import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DType } from "../../native/lib/tensor/dtype";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import type { SafetensorsFile } from "../../native/lib/weights";
import { FIXTURES } from "./files";
import { expectedValues } from "./parity";

/** The dtype a case is tried with; `any` where it takes no tensor of one. */
export type CaseDType = DType | "any";

/** One entry of expected/operators.json, as test/fixtures/make/make_operators.py writes it. */
interface Entry {
  name: string;
  operator: string;
  way: "function" | "method";
  args: unknown[];
  kwargs?: Record<string, unknown>;
  results?: Partial<Record<CaseDType, string[]>>;
  /** Names of the inputs whose gradients follow the results. */
  gradients?: Partial<Record<CaseDType, string[]>>;
  /** Results that are no tensors. */
  plain?: Partial<Record<CaseDType, unknown[]>>;
  refused?: CaseDType[];
  exact?: boolean;
  signs?: boolean;
  seed?: number;
}

/** What PyTorch gave for an operator and one dtype. */
export interface Expected {
  dtype: CaseDType;
  results: Tensor[];
  plain: unknown[] | null;
  gradients: Map<string, Tensor>;
}

export interface OperatorCase extends Omit<Entry, "results" | "gradients" | "plain"> {
  expected: Expected[];
}

/** Takes the values of a file's vectors one after another. */
class Pools {
  readonly #next = new Map<string, number>();
  readonly #vectors = new Map<string, Tensor>();

  constructor(readonly file: SafetensorsFile) {}

  /** @param text `[2,3]`, or with a dtype other than `own`, `int64[2,3]` */
  take(text: string, own: CaseDType): Tensor {
    const open = text.indexOf("[");
    const dtype = text.slice(0, open) || own;
    const shape = JSON.parse(text.slice(open)) as number[];
    if (dtype === "complex128") return torch.view_as_complex(this.#part("float64", [...shape, 2]).clone());
    return this.#part(dtype, shape);
  }

  #part(dtype: string, shape: number[]): Tensor {
    let vector = this.#vectors.get(dtype);
    if (vector === undefined) {
      vector = this.file.read(`values/${dtype}`);
      this.#vectors.set(dtype, vector);
    }
    const at = this.#next.get(dtype) ?? 0;
    const count = shape.reduce((product, size) => product * size, 1);
    this.#next.set(dtype, at + count);
    return vector.narrow(0, at, count).view(shape);
  }
}

/** The tensor that `$name` means: that of the dtype, or the one for all. */
function readInput(file: SafetensorsFile, dtype: CaseDType, name: string): Tensor {
  const own = `input/${dtype}/${name}`;
  return file.read(file.has(own) ? own : `input/${name}`);
}

/** All cases with what PyTorch gave, and the inputs they name. */
export function readOperatorCases(): { cases: OperatorCase[]; inputs: SafetensorsFile } {
  const file = expectedValues("operators");
  const entries = JSON.parse(readFileSync(join(FIXTURES, "expected", "operators.json"), "utf8")) as Entry[];
  const pools = new Pools(file);
  const cases = entries.map(({ results = {}, gradients = {}, plain = {}, ...rest }) => {
    const tensors = (Object.entries(results) as [CaseDType, string[]][]).map(([dtype, texts]) => ({
      dtype,
      results: texts.map((text) => pools.take(text, dtype)),
      plain: null,
      gradients: new Map(
        (gradients[dtype] ?? []).map((name) => {
          return [name, pools.take(`[${readInput(file, dtype, name).shape}]`, dtype)] as const;
        }),
      ),
    }));
    const others = (Object.entries(plain) as [CaseDType, unknown[]][]).map(([dtype, values]) => ({
      dtype,
      results: [],
      plain: values,
      gradients: new Map<string, Tensor>(),
    }));
    return { ...rest, expected: [...tensors, ...others] };
  });
  return { cases, inputs: file };
}

/** Names of the tensors that a case takes. */
function inputNames(argument: unknown): string[] {
  if (Array.isArray(argument)) return argument.flatMap(inputNames);
  const named = typeof argument === "string" && /^\$[a-z]\w*$/.test(argument);
  return named && argument !== "$dtype" && argument !== "$inf" ? [argument.slice(1)] : [];
}

/** The tensors of a case by name, made anew; those that PyTorch has gradients by require them. */
export function caseInputs(
  { args, kwargs = {} }: OperatorCase,
  { dtype, gradients }: Pick<Expected, "dtype" | "gradients">,
  file: SafetensorsFile,
): Map<string, Tensor> {
  const names = new Set([...args, ...Object.values(kwargs)].flatMap(inputNames));
  return new Map(
    [...names].map((name) => {
      const tensor = readInput(file, dtype, name).clone();
      return [name, gradients.has(name) ? tensor.requires_grad_() : tensor];
    }),
  );
}

/** Reads the arguments of a case: `$x` as a tensor of `inputs`, `$dtype` as `dtype`. */
export function argumentReader(
  inputs: ReadonlyMap<string, Tensor>,
  dtype: CaseDType,
): (argument: unknown) => unknown {
  const read = (argument: unknown): unknown => {
    if (Array.isArray(argument)) return argument.map(read);
    if (typeof argument !== "string" || !argument.startsWith("$")) return argument;
    const name = argument.slice(1);
    if (name === "dtype") return dtype;
    if (name === "inf") return Number.POSITIVE_INFINITY;
    return name === "-inf" ? Number.NEGATIVE_INFINITY : inputs.get(name);
  };
  return read;
}
