import { CorruptFileError } from "../../errors";
import type { DType } from "../../tensor/dtype";

/** A tensor as a pickle of `torch.save` describes it: which entry of the archive, and how it lies there. */
export interface PickledTensor {
  /** Name of the entry below `data/`. */
  storage: string;
  dtype: DType;
  sizes: number[];
  strides: number[];
  offset: number;
}

/** Something else than data: known by its Python name only. */
class Named {
  constructor(readonly name: string) {}
}
class Storage {
  constructor(
    readonly key: string,
    readonly dtype: DType | null,
  ) {}
}
class View implements PickledTensor {
  constructor(
    readonly storage: string,
    readonly dtype: DType,
    readonly sizes: number[],
    readonly strides: number[],
    readonly offset: number,
  ) {}
}
class Mark {}

const STORAGES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["torch.FloatStorage", "float32"],
  ["torch.DoubleStorage", "float64"],
  ["torch.HalfStorage", "float16"],
  ["torch.BFloat16Storage", "bfloat16"],
  ["torch.LongStorage", "int64"],
  ["torch.IntStorage", "int32"],
  ["torch.ShortStorage", "int16"],
  ["torch.CharStorage", "int8"],
  ["torch.ByteStorage", "uint8"],
  ["torch.BoolStorage", "bool"],
  ["torch.ComplexFloatStorage", "complex64"],
  ["torch.ComplexDoubleStorage", "complex128"],
]);
/** Dtypes that have no class of storages; their tensors say which they are. */
const UNTYPED = "torch.storage.UntypedStorage";
const DTYPE_NAMES: ReadonlySet<string> = new Set([
  "uint16",
  "uint32",
  "uint64",
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
]);
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  "torch.Tensor",
  "torch.nn.parameter.Parameter",
  "torch.nn.parameter.Buffer",
]);

/**
 * The tensors by name in the pickle of a dictionary that `torch.save` wrote. The bytes are read as data: a pickle is
 * a list of instructions for a small machine with a stack, of which only those that build plain values are known here.
 * Nothing is imported and nothing is called: the Python functions that such a pickle names are not looked up, what
 * they would be given is. Null for a value that is no plain tensor.
 * @throws CorruptFileError if it is anything else than such a dictionary.
 */
export function readPickledTensors(bytes: Buffer, source: string): Map<string, PickledTensor | null> {
  const machine = new PickleReader(bytes, source);
  const value = machine.read();
  if (!(value instanceof Map)) throw machine.corrupt("it is no dictionary");
  return new Map(
    [...value].map(([name, item]) => {
      if (typeof name !== "string") throw machine.corrupt("its keys are no names");
      return [name, item instanceof View ? item : null];
    }),
  );
}

class PickleReader {
  #at = 0;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Buffer,
    private readonly source: string,
  ) {}

  corrupt(problem: string): CorruptFileError {
    return new CorruptFileError(`${this.source}: ${problem}`);
  }

  read(): unknown {
    for (;;) {
      const code = String.fromCharCode(this.#byte());
      if (code === ".") return this.#pop();
      const instruction = INSTRUCTIONS[code];
      if (!instruction) throw this.corrupt(`it has the unknown instruction ${JSON.stringify(code)}`);
      instruction(this.#machine);
    }
  }

  #take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.bytes.length) throw this.corrupt("it is cut off");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #byte(): number {
    return this.#take(1)[0];
  }

  #line(): string {
    const end = this.bytes.indexOf(10, this.#at);
    if (end < 0) throw this.corrupt("it is cut off");
    return this.#take(end + 1 - this.#at)
      .toString("utf8")
      .slice(0, -1);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.corrupt("it takes more than it has made");
    return this.#stack.pop();
  }

  #popToMark(): unknown[] {
    const at = this.#stack.findLastIndex((value) => value instanceof Mark);
    if (at < 0) throw this.corrupt("it takes more than it has made");
    return this.#stack.splice(at).slice(1);
  }

  readonly #machine: Machine = {
    take: (length) => this.#take(length),
    line: () => this.#line(),
    push: (value) => {
      this.#stack.push(value);
    },
    pop: () => this.#pop(),
    popToMark: () => this.#popToMark(),
    top: () => this.#stack.at(-1),
    remember: (key) => {
      this.#memo.set(key ?? this.#memo.size, this.#stack.at(-1));
    },
    recall: (key) => {
      if (!this.#memo.has(key)) throw this.corrupt("it refers to what it has not made");
      this.#stack.push(this.#memo.get(key));
    },
  };
}

interface Machine {
  take(length: number): Buffer;
  line(): string;
  push(value: unknown): void;
  pop(): unknown;
  popToMark(): unknown[];
  top(): unknown;
  /** Without a key, under the next number. */
  remember(key?: number): void;
  recall(key: number): void;
}

function setItems(target: unknown, items: readonly unknown[]): void {
  if (!(target instanceof Map)) return;
  for (let i = 0; i + 1 < items.length; i += 2) target.set(items[i], items[i + 1]);
}

const INSTRUCTIONS: Readonly<Record<string, (machine: Machine) => void>> = {
  "\x80": (m) => m.take(1),
  "\x95": (m) => m.take(8),
  "(": (m) => m.push(new Mark()),
  "}": (m) => m.push(new Map()),
  "]": (m) => m.push([]),
  ")": (m) => m.push([]),
  t: (m) => m.push(m.popToMark()),
  "\x85": (m) => m.push([m.pop()]),
  "\x86": (m) => m.push([m.pop(), m.pop()].reverse()),
  "\x87": (m) => m.push([m.pop(), m.pop(), m.pop()].reverse()),
  N: (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  K: (m) => m.push(m.take(1).readUInt8()),
  M: (m) => m.push(m.take(2).readUInt16LE()),
  J: (m) => m.push(m.take(4).readInt32LE()),
  G: (m) => m.push(m.take(8).readDoubleBE()),
  "\x8a": (m) => {
    const bytes = m.take(m.take(1)[0]);
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    m.push(Number(BigInt.asIntN(8 * Math.max(bytes.length, 1), value)));
  },
  X: (m) => m.push(m.take(m.take(4).readUInt32LE()).toString("utf8")),
  "\x8c": (m) => m.push(m.take(m.take(1)[0]).toString("utf8")),
  c: (m) => m.push(new Named(`${m.line()}.${m.line()}`)),
  q: (m) => m.remember(m.take(1)[0]),
  r: (m) => m.remember(m.take(4).readUInt32LE()),
  "\x94": (m) => m.remember(),
  h: (m) => m.recall(m.take(1)[0]),
  j: (m) => m.recall(m.take(4).readUInt32LE()),
  a: (m) => {
    const item = m.pop();
    const list = m.top();
    if (Array.isArray(list)) list.push(item);
  },
  e: (m) => {
    const items = m.popToMark();
    const list = m.top();
    if (Array.isArray(list)) list.push(...items);
  },
  s: (m) => {
    const [value, key] = [m.pop(), m.pop()];
    setItems(m.top(), [key, value]);
  },
  u: (m) => {
    const items = m.popToMark();
    setItems(m.top(), items);
  },
  // The state of an object: none of the values here has any.
  b: (m) => {
    m.pop();
  },
  Q: (m) => m.push(storageOf(m.pop())),
  R: (m) => {
    const [args, callee] = [m.pop(), m.pop()];
    m.push(resultOf(callee, args));
  },
};

/** `("storage", torch.FloatStorage, "0", "cpu", 16)`; null for anything else. */
function storageOf(id: unknown): Storage | null {
  if (!Array.isArray(id) || id[0] !== "storage" || !(id[1] instanceof Named) || typeof id[2] !== "string")
    return null;
  const dtype = STORAGES.get(id[1].name) ?? null;
  return dtype !== null || id[1].name === UNTYPED ? new Storage(id[2], dtype) : null;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}

function viewOf([storage, offset, sizes, strides, , , named]: readonly unknown[]): View | null {
  if (!(storage instanceof Storage) || !Number.isSafeInteger(offset)) return null;
  if (!isCounts(sizes) || !isCounts(strides)) return null;
  const name = named instanceof Named ? named.name.replace(/^torch\./, "") : "";
  const dtype = storage.dtype ?? (DTYPE_NAMES.has(name) ? (name as DType) : null);
  return dtype && new View(storage.key, dtype, sizes, strides, offset as number);
}

/** What Python's function would give, where that is a plain tensor or dictionary; null for all others. */
function resultOf(callee: unknown, args: unknown): unknown {
  if (!(callee instanceof Named) || !Array.isArray(args)) return null;
  switch (callee.name) {
    case "collections.OrderedDict":
      return new Map();
    case "torch._utils._rebuild_tensor_v2":
    case "torch._utils._rebuild_tensor_v3":
      return viewOf(args);
    case "torch._utils._rebuild_parameter":
    case "torch._utils._rebuild_parameter_with_state":
      return args[0] instanceof View ? args[0] : null;
    case "torch._tensor._rebuild_from_type_v2": {
      const [inner, type, innerArgs] = args;
      const isPlain = type instanceof Named && PLAIN_TYPES.has(type.name);
      return isPlain && inner instanceof Named && inner.name !== callee.name
        ? resultOf(inner, innerArgs)
        : null;
    }
    default:
      return null;
  }
}
