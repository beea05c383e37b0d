import type { OperatorSchema } from "../../binding";
import { UnsupportedExportError } from "../../errors";
import type { ArchiveNode, ComplexArgument } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import type { Scope } from "./scope";

/**
 * The form of an operator that takes tensors where the archive has complex numbers, which no graph here holds: `mul.Tensor` for
 * `mul.Scalar`.
 */
export function takingComplex(
  builder: GraphBuilder,
  node: ArchiveNode,
  schema: OperatorSchema,
): OperatorSchema {
  const names = node.inputs.flatMap(({ name, argument }) => (argument.kind === "complex" ? [name] : []));
  if (names.length === 0) return schema;
  const forms = [schema, builder.schema(schema.name, schema.overload.replace("Scalar", "Tensor"))];
  const takesAll = (form: OperatorSchema | null) =>
    names.every((name) => form?.arguments.find((argument) => argument.name === name)?.type === "Tensor");
  const form = forms.find(takesAll);
  if (form) return form;
  throw new UnsupportedExportError(
    `${node.target} takes a complex number as ${names.join(" and ")}, where a graph can hold a tensor only; write torch.tensor(1j) in its place and export again`,
  );
}

/** A complex number as a tensor without dimensions, which takes part in operators' dtypes as the number would. */
export function complexTensor(
  builder: GraphBuilder,
  scope: Scope,
  node: ArchiveNode,
  number: ComplexArgument,
): number {
  const [output] = node.outputs;
  const isDouble = output?.kind === "value" && scope.meta(output.name)?.dtype === "complex128";
  const meta = { sizes: [], strides: [], offset: 0 };
  const [real, imaginary] = [number.real, number.imaginary].map((constant) => {
    const dtype = isDouble ? "float64" : "float32";
    return {
      ref: builder.emit("aten::scalar_tensor", [{ constant, isFloat: true }, { constant: dtype }], {
        ...meta,
        dtype,
      }),
    };
  });
  return builder.emit("aten::complex", [real, imaginary], {
    ...meta,
    dtype: isDouble ? "complex128" : "complex64",
  });
}
