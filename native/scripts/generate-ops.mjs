// Writes lib/generated/*.ts, the typed surface of PyTorch's operators, from the schemas that the built addon knows.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const native = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const addon = createRequire(import.meta.url)(join(native, "build", "graphpatch.node"));
const output = join(native, "lib", "generated");

// Kernels of one backend, backward formulae and quantised or sparse internals: still there as torch.ops.aten.<name>, but
// nobody wants them in a completion list.
const INTERNAL =
  /^_|^(cudnn|miopen|mkldnn|fbgemm|quantized|xnnpack|thnn|slow_conv|fake_quantize|fused_|rnn_|lstm_|gru_|sparse_|crow_|ccol_|row_indices|col_indices|q_|qscheme|dequantize|quantize_|int_repr|to_mkldnn|to_padded|to_sparse|sym_|size_|isinstance|is_set_to|set_data|infer_|choose_qparams|batch_norm_(backward|elemt|gather|stats|update)|native_(batch|group|layer|norm|channel|dropout)|record_stream|rename|refine_names|align_|output_nr|resolve_|segment_reduce|coalesce|sspaddmm|hspmm|indices|values|special_(airy|bessel|chebyshev|hermite|laguerre|legendre|modified|scaled|shifted|spherical))|_backward|_jvp|(?<!^index)_copy$|_forward$|_output_mask|_for_|_autograd$/;
// What Tensor and torch define by hand, in TypeScript.
const OWN_METHODS = new Set([
  "to",
  "data",
  "size",
  "stride",
  "dim",
  "numel",
  "item",
  "is_leaf",
  "requires_grad_",
  "retain_grad",
  "T",
  "mT",
  "at",
  "numpy_T",
  "cpu",
  "is_complex",
  "is_floating_point",
]);
const OWN_FUNCTIONS = new Set([
  "tensor",
  "manual_seed",
  "to",
  "data",
  "size",
  "stride",
  "dim",
  "numel",
  "item",
  "retain_grad",
  "requires_grad_",
  "numpy_T",
  "is_leaf",
  "at",
]);

const INDENT = "  ";

function scalarType(type, listSize) {
  if (type.endsWith("?")) {
    const inner = scalarType(type.slice(0, -1), listSize);
    return inner === null ? null : `${inner} | null`;
  }
  const list = /^(.*)\[\d*\]$/.exec(type);
  if (list) {
    const inner = scalarType(list[1], 0);
    if (inner === null) return null;
    const array = inner.includes("|") ? `(${inner})[]` : `${inner}[]`;
    return listSize > 0 && inner === "Size" ? `${array} | Size` : array;
  }
  return (
    {
      Tensor: "Tensor",
      int: "Size",
      SymInt: "Size",
      float: "number",
      SymFloat: "number",
      bool: "boolean",
      SymBool: "boolean",
      Scalar: "Scalar",
      number: "Scalar",
      str: "string",
      Device: "string",
      ScalarType: "DType",
      Layout: "string",
      MemoryFormat: "string",
    }[type] ?? null
  );
}

/** A Tensor argument that a number may stand for: the second operand of arithmetic. */
function takesNumber(schema, argument) {
  return (
    argument.type === "Tensor" && argument.name === "other" && /^aten::(add|sub|mul|div)_?$/.test(schema.name)
  );
}

function argumentType(schema, argument) {
  const type = scalarType(argument.type, argument.listSize);
  return type !== null && takesNumber(schema, argument) ? `${type} | Scalar` : type;
}

function returnType(schema) {
  const types = schema.returns.map((type) => {
    const known = scalarType(type, 0);
    return known === null ? null : known.replaceAll("Size", "number").replaceAll("Scalar", "number");
  });
  if (types.includes(null)) return null;
  if (types.length === 0) return "void";
  return types.length === 1 ? types[0] : `[${types.join(", ")}]`;
}

const RESERVED = new Set(["in", "default", "function", "var", "new", "delete", "with", "this"]);

function parameter(argument, type) {
  return `${RESERVED.has(argument.name) ? `${argument.name}_` : argument.name}${argument.optional ? "?" : ""}: ${type}`;
}

const TENSOR_OPTIONS = new Set(["dtype", "layout", "device", "pin_memory"]);

function keywords(typed, isFactory) {
  // Factories share four of their arguments, written out once as TensorOptions.
  const shared = isFactory ? typed.filter(([argument]) => TENSOR_OPTIONS.has(argument.name)) : [];
  const own = typed.filter((entry) => !shared.includes(entry));
  if (shared.length > 0 && own.length === 0) return "options?: TensorOptions";
  const fields = own.map(([argument, type]) => `${argument.name}${argument.optional ? "?" : ""}: ${type}`);
  if (fields.length === 0) return "";
  const optional = typed.every(([argument]) => argument.optional);
  return `options${optional ? "?" : ""}: ${shared.length > 0 ? "TensorOptions & " : ""}{ ${fields.join("; ")} }`;
}

/** TypeScript signatures of one overload, without its first argument for a method; null for types a user cannot make. */
function signatures(schema, isMethod) {
  const given = isMethod ? schema.arguments.slice(1) : schema.arguments;
  // A generator cannot be made in JavaScript: operators use the default one, which torch.manual_seed sets.
  const usable = given.filter((argument) => !(argument.type === "Generator?" && argument.optional));
  const typed = usable.map((argument) => [argument, argumentType(schema, argument)]);
  const result = returnType(schema);
  if (result === null || typed.some(([, type]) => type === null)) return null;
  const positional = typed.filter(([argument]) => !argument.kwargOnly);
  const named = typed.filter(([argument]) => argument.kwargOnly);
  const isFactory = named.some(([argument]) => argument.name === "pin_memory");
  const required = positional.filter(([argument]) => !argument.optional);
  const lines = [];
  const add = (ordered, byName) => {
    const text = [...ordered.map(([a, t]) => parameter(a, t)), keywords(byName, isFactory)];
    const signature = `(${text.filter((part) => part !== "").join(", ")}): ${result};`;
    if (!lines.includes(signature)) lines.push(signature);
  };
  add(positional, named);
  if (required.length < positional.length) add(required, [...positional.slice(required.length), ...named]);
  const byName = isMethod ? required : required.slice(1);
  if (byName.length > 0 && byName.length < 4) {
    add(isMethod ? [] : required.slice(0, 1), [...positional.slice(isMethod ? 0 : 1), ...named]);
  }
  const only = positional[0];
  if (positional.length === 1 && only[1] === "Size[]" && !only[0].optional)
    lines.push(`(...${only[0].name}: Size[]): ${result};`);
  return lines;
}

function methodsOf(schemas) {
  return schemas.filter(
    (schema) => schema.arguments[0]?.name === "self" && schema.arguments[0].type === "Tensor",
  );
}

function declaration(name, schemas, isMethod) {
  const lines = [];
  const seen = new Set();
  for (const schema of schemas) {
    const all = signatures(schema, isMethod);
    if (all === null) continue;
    const fresh = all.filter((line) => !seen.has(line));
    if (fresh.length === 0) continue;
    for (const line of fresh) seen.add(line);
    lines.push(`${INDENT}/** \`${schema.text.replace(/^aten::/, "").replaceAll("*/", "* /")}\` */`);
    for (const line of fresh) lines.push(`${INDENT}${name}${line}`);
  }
  return lines;
}

const HEADER = "// Generated by scripts/generate-ops.mjs from libtorch's schemas.\n";
const IMPORTS = `import type { Size } from "../dispatch/size";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";

type Scalar = Size | boolean | bigint;

interface TensorOptions {
  dtype?: DType | null;
  layout?: string | null;
  device?: string | null;
  pin_memory?: boolean | null;
  requires_grad?: boolean;
}
`;

const methods = [];
const functions = [];
const factories = [];
const methodLines = [];
const functionLines = [];
for (const qualified of addon.operatorNames()) {
  if (!qualified.startsWith("aten::")) continue;
  const name = qualified.slice("aten::".length);
  if (INTERNAL.test(name) || !/^[A-Za-z]\w*$/.test(name)) continue;
  const schemas = addon.schemas(qualified);
  const asMethods = OWN_METHODS.has(name) ? [] : declaration(name, methodsOf(schemas), true);
  if (asMethods.length > 0) {
    methods.push(name);
    methodLines.push(...asMethods);
  }
  const asFunctions = OWN_FUNCTIONS.has(name) ? [] : declaration(name, schemas, false);
  if (asFunctions.length > 0) {
    functions.push(name);
    functionLines.push(...asFunctions);
    if (schemas.some((schema) => schema.arguments.some((argument) => argument.name === "pin_memory")))
      factories.push(name);
  }
}

/** Leaves an unchanged file alone, so that an incremental compiler has nothing to do. */
function write(file, text) {
  const path = join(output, file);
  let old = null;
  try {
    old = readFileSync(path, "utf8");
  } catch {
    // not written yet
  }
  if (old !== text) writeFileSync(path, text);
}

const list = (name, values) => `export const ${name}: readonly string[] = ${JSON.stringify(values)};\n`;
mkdirSync(output, { recursive: true });
write(
  "names.ts",
  `${HEADER}\n${list("METHODS", methods)}\n${list("FUNCTIONS", functions)}\n${list("FACTORIES", factories)}`,
);
write(
  "tensorOps.ts",
  `${HEADER}${IMPORTS}\n/** Operators as methods of a tensor. */\nexport interface TensorOps {\n${methodLines.join("\n")}\n}\n`,
);
write(
  "torchOps.ts",
  `${HEADER}${IMPORTS}\n/** Operators as functions of \`torch\`. */\nexport interface TorchOps {\n${functionLines.join("\n")}\n}\n`,
);
console.log(`generate-ops: ${methods.length} methods, ${functions.length} functions`);
