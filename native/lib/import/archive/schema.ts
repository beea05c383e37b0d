import type { SymbolRange } from "../../graph/inputConstraints";
import type { DType } from "../../tensor/dtype";

/**
 * What `models/NAME.json` of an archive holds, after PyTorch's torch/_export/serde/schema.py (versions 8.8 to 8.20):
 * the parts that running a graph needs, checked.
 */
export interface ExportedProgram {
  torchVersion: string;
  graph: ArchiveGraph;
  inputs: InputSpec[];
  outputs: OutputSpec[];
  /** Calling conventions of the modules that have one; "" is the whole model. */
  moduleCalls: ReadonlyMap<string, ModuleSignature>;
  namedTuples: ReadonlyMap<string, readonly string[]>;
  ranges: ReadonlyMap<string, SymbolRange>;
  /** Python expressions over the inputs' sizes that must hold. */
  guards: readonly string[];
}

export interface ArchiveGraph {
  inputs: Argument[];
  outputs: Argument[];
  nodes: ArchiveNode[];
  tensors: ReadonlyMap<string, TensorMeta>;
  /** On which kinds of devices they lay when the model was exported: `cpu`, `cuda`. */
  devices: ReadonlySet<string>;
  /** Sizes and other numbers the graph computes. */
  symbols: ReadonlyMap<string, SymbolicNumber>;
}

export interface ArchiveNode {
  /** `torch.ops.aten.add.Tensor`, `_operator.mul`, `torch.ops.higher_order.cond`. */
  target: string;
  /** PyTorch's own name of the node; "" in older archives. */
  name: string;
  inputs: { name: string; argument: Argument }[];
  outputs: Argument[];
  moduleStack: string;
  stackTrace: string;
}

/** What a node receives or gives. */
export type Argument =
  | ValueArgument
  | ConstantArgument
  | { kind: "list"; items: (ValueArgument | ConstantArgument)[] }
  | ComplexArgument
  | { kind: "graph"; name: string; graph: ArchiveGraph }
  /** A kind that nothing here runs; refused where a node uses it. */
  | { kind: "unsupported"; what: string };

export interface ValueArgument {
  kind: "value";
  name: string;
}

export interface ComplexArgument {
  kind: "complex";
  real: number;
  imaginary: number;
}

export interface ConstantArgument {
  kind: "constant";
  value: unknown;
  /** Written as a float: 2.0, which JavaScript does not tell from 2. */
  isFloat: boolean;
}

/** A number: fixed, or an expression over symbols, with its value in the exported example where that is known. */
export type SymbolicNumber = number | { expression: string; hint: number | boolean | null };

export interface TensorMeta {
  dtype: DType;
  sizes: SymbolicNumber[];
  strides: SymbolicNumber[];
  offset: SymbolicNumber;
}

export type InputSpec =
  | { kind: "parameter" | "buffer" | "constant"; value: string; target: string }
  | { kind: "user"; argument: Argument }
  | { kind: "fixed"; name: string; value: unknown }
  | { kind: "unsupported"; what: string };

export type OutputSpec =
  | { kind: "user"; argument: Argument }
  /** A changed buffer, parameter or input, which PyTorch would write back. */
  | { kind: "mutation"; argument: Argument; target: string };

/** How a module was called: leaves in order, and the trees they make up. */
export interface ModuleSignature {
  inputs: Argument[];
  outputs: Argument[];
  /** JSON of PyTorch's tree specifications. */
  inputTree: string;
  outputTree: string;
  argumentNames: readonly string[] | null;
}

/** Where a weight or constant lies: `weights_config.json`, `constants_config.json`. */
export interface Payload {
  /** The entry of the archive that holds its storage. */
  entry: string;
  /** Where that lies in the file, if it is an entry of an archive in the archive. */
  range?: { begin: number; end: number };
  usesPickle: boolean;
  meta: TensorMeta | null;
}
