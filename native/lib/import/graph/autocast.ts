import type { OperatorSchema } from "../../binding";
import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { ArgumentSpec, AutocastDtype } from "../../graph/spec";
import type { DType } from "../../tensor/dtype";
import type { GraphBuilder } from "./builder";

/**
 * Operators that `torch.autocast("cpu")` computes in its dtype (libtorch's autocast_mode.cpp). Others of which libtorch says that
 * it converts their arguments are computed in float32, or in the widest of their arguments' dtypes.
 */
export const IN_LOWER_PRECISION: ReadonlySet<string> = new Set([
  "_addmm_activation",
  "_convolution",
  "_native_multi_head_attention",
  "addbmm",
  "addmm",
  "baddbmm",
  "bmm",
  "conv1d",
  "conv2d",
  "conv3d",
  "conv_tbc",
  "conv_transpose1d",
  "conv_transpose2d",
  "conv_transpose3d",
  "linalg_vecdot",
  "linear",
  "matmul",
  "mkldnn_rnn_layer",
  "mm",
  "prelu",
  "scaled_dot_product_attention",
]);
export const IN_WIDEST: ReadonlySet<string> = new Set(["cat", "index_copy", "stack"]);

/** Operators made of others of which none is one that autocast knows: they compute in what they are given. */
const MADE_OF_PLAIN: ReadonlySet<string> = new Set(
  `absolute adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adjoint alpha_dropout arccos arccosh arcsin arcsinh arctan
  arctan2 arctanh argsort argwhere atleast_1d atleast_2d atleast_3d avg_pool1d batch_norm broadcast_tensors broadcast_to chunk clip
  conj conj_physical contiguous diag diagflat divide dropout embedding_bag expand_as
  feature_alpha_dropout feature_dropout fix flatten fliplr flipud float_power greater greater_equal group_norm imag instance_norm
  isclose isfinite isreal item layer_norm less less_equal log_sigmoid log_softmax mH mT matrix_H max max_pool1d
  max_pool1d_with_indices max_pool2d meshgrid min moveaxis movedim msort multiply nanmean narrow negative not_equal numel numpy_T
  one_hot outer positive ravel real relu6 repeat_interleave reshape reshape_as resolve_conj resolve_neg rms_norm rrelu selu size
  softmax split square std std_mean subtract swapaxes swapdims sym_numel sym_size sym_storage_offset sym_stride take_along_dim
  tensor_split tile to true_divide type_as unflatten unsafe_chunk upsample_bicubic2d upsample_bilinear2d upsample_linear1d
  upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d var var_mean view_as where`.split(
    /\s+/,
  ),
);

/** The dtype of an autocast region. @throws CorruptFileError if it is none that autocast can have. */
export function autocastDtype(value: unknown): AutocastDtype {
  if (value === "bfloat16" || value === "float16") return value;
  throw new CorruptFileError(`torch.autocast with the dtype ${String(value)}`);
}

/**
 * Inside of autocast: converts the floating arguments of an operator as libtorch does when it is called there. The conversions are
 * nodes, in the module that the operator stands in.
 * @returns the dtype of the region for operators that are made of others: libtorch converts for each of those, so that they must be called inside of autocast.
 * @throws UnsupportedExportError for operators that share memory with what would be converted.
 */
export function castArguments(
  builder: GraphBuilder,
  schema: OperatorSchema,
  args: Map<string, ArgumentSpec>,
): AutocastDtype | null {
  const { autocast } = builder.place;
  if (autocast === null) return null;
  const name = schema.name.replace(/^aten::/, "");
  if (!schema.castsOnCpu) {
    if (!schema.isComposite || MADE_OF_PLAIN.has(name)) return null;
    if (schema.returnsAliases.some(Boolean) || schema.arguments.some(({ writes }) => writes))
      throw unsupported(schema);
    return autocast;
  }
  const target = IN_LOWER_PRECISION.has(name)
    ? autocast
    : IN_WIDEST.has(name)
      ? widest(builder, [...args.values()], autocast)
      : "float32";
  const cast = <T extends ArgumentSpec>(spec: T): T => {
    const meta = "ref" in spec ? builder.metaOf(spec.ref) : null;
    if (!meta || !("ref" in spec) || !isConverted(meta.dtype) || meta.dtype === target) return spec;
    // A view of a converted copy is none of the tensor it was given.
    if (schema.returnsAliases.some(Boolean)) throw unsupported(schema);
    const value = builder.emit("aten::to.dtype", [spec, { constant: target }], { ...meta, dtype: target });
    return { ...spec, ref: value };
  };
  for (const [key, spec] of args) args.set(key, "list" in spec ? { list: spec.list.map(cast) } : cast(spec));
  return null;
}

/** Autocast leaves float64 and whole numbers alone. */
function isConverted(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
}

function widest(builder: GraphBuilder, args: readonly ArgumentSpec[], autocast: DType): DType {
  const refs = args.flatMap((spec) => ("list" in spec ? spec.list : [spec]));
  const isWide = refs.some((spec) => "ref" in spec && builder.metaOf(spec.ref)?.dtype === "float32");
  return isWide ? "float32" : autocast;
}

function unsupported({ name }: OperatorSchema): UnsupportedExportError {
  return new UnsupportedExportError(
    `the model calls ${name} inside torch.autocast, where PyTorch converts what its result shares memory with; run ep = ep.run_decompositions() before saving the archive, which writes the conversions into it`,
  );
}
