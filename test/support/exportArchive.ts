import type { Tensor } from "../../native/lib";
import { SCALAR_TYPES } from "../../native/lib/import/archive/enums";
import { type ZipEntry, zipBytes } from "./zipBytes";

const DTYPE_NUMBERS = new Map([...SCALAR_TYPES].map(([number, dtype]) => [dtype, number]));

/** A tensor's `TensorMeta`, with fixed sizes. */
export function tensorMeta(tensor: Pick<Tensor, "shape" | "dtype"> & { stride(): number[] }) {
  const ints = (list: number[]) => list.map((value) => ({ as_int: value }));
  return {
    dtype: DTYPE_NUMBERS.get(tensor.dtype),
    sizes: ints(tensor.shape),
    requires_grad: false,
    device: { type: "cpu", index: null },
    strides: ints(tensor.stride()),
    storage_offset: { as_int: 0 },
    layout: 7,
  };
}

/** An argument as archives have it. */
export function argument(value: unknown): Record<string, unknown> {
  if (value === null) return { as_none: true };
  if (typeof value === "boolean") return { as_bool: value };
  if (typeof value === "number") return Number.isInteger(value) ? { as_int: value } : { as_float: value };
  if (typeof value === "string") return { as_tensor: { name: value } };
  if (Array.isArray(value)) return { as_ints: value };
  return value as Record<string, unknown>;
}

export interface ProgramNode {
  target: string;
  inputs: Record<string, unknown>;
  outputs: string[];
  /** Given when the operator gives a list. */
  list?: boolean;
  name?: string;
  /** The module that it stands in; the root if it is left out. */
  module?: string;
}

/** A graph of one input `x` as `models/model.json` has it. */
export interface Program {
  nodes: ProgramNode[];
  outputs: string[];
  metas: Record<string, ReturnType<typeof tensorMeta>>;
}

const leaf = { type: null, context: null, children_spec: [] };
const tuple = (children: unknown[]) => ({ type: "builtins.tuple", context: "null", children_spec: children });

/** The text of `models/model.json`. */
export function programJson({ nodes, outputs, metas }: Program): Record<string, unknown> {
  const tensors = outputs.map((name) => ({ as_tensor: { name } }));
  return {
    graph_module: {
      graph: {
        inputs: [{ as_tensor: { name: "x" } }],
        outputs: tensors,
        nodes: nodes.map(({ target, inputs, outputs: names, list, name, module }) => ({
          name: name ?? names[0] ?? "",
          target,
          inputs: Object.entries(inputs).map(([key, value]) => ({
            name: key,
            arg: argument(value),
            kind: 1,
          })),
          outputs: list
            ? [{ as_tensors: names.map((one) => ({ name: one })) }]
            : names.map((one) => ({ as_tensor: { name: one } })),
          metadata: module ? { nn_module_stack: `L__self__,,Root;L__self__${module},${module},Part` } : {},
        })),
        tensor_values: metas,
        sym_int_values: {},
        sym_bool_values: {},
        is_single_tensor_return: false,
        custom_obj_values: {},
        sym_float_values: {},
      },
      signature: {
        input_specs: [{ user_input: { arg: { as_tensor: { name: "x" } } } }],
        output_specs: tensors.map((arg) => ({ user_output: { arg } })),
      },
      module_call_graph: [
        {
          fqn: "",
          signature: {
            inputs: [],
            outputs: [],
            in_spec: JSON.stringify([
              1,
              tuple([tuple([leaf]), { type: "builtins.dict", context: "[]", children_spec: [] }]),
            ]),
            out_spec: JSON.stringify([1, tuple(outputs.map(() => leaf))]),
            forward_arg_names: ["x"],
          },
        },
      ],
      metadata: {},
      treespec_namedtuple_fields: {},
    },
    opset_version: { aten: 10 },
    range_constraints: {},
    schema_version: { major: 8, minor: 20 },
    torch_version: "2.15.0",
    guards_code: [],
  };
}

/** The entries of an archive without weights. */
export function archiveEntries(program: unknown): ZipEntry[] {
  const entry = (name: string, text: string): ZipEntry => ({
    name: `model/${name}`,
    data: Buffer.from(text),
  });
  return [
    entry("data/weights/model_weights_config.json", '{"config": {}}'),
    entry("data/constants/model_constants_config.json", '{"config": {}}'),
    entry("models/model.json", typeof program === "string" ? program : JSON.stringify(program)),
    entry("archive_format", "pt2"),
    entry("byteorder", "little"),
  ];
}

export function archiveBytes(program: unknown): Buffer {
  return zipBytes(archiveEntries(program));
}
