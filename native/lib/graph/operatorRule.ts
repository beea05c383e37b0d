import { binding } from "../binding";

/** Argument types whose values are plain data. Not among them: storages, streams, packed weights of custom classes. */
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  "Tensor",
  "int",
  "SymInt",
  "float",
  "SymFloat",
  "bool",
  "SymBool",
  "Scalar",
  "number",
  "str",
  "ScalarType",
  "Device",
  "Layout",
  "MemoryFormat",
  // No constant can be one, so it is always absent.
  "Generator",
]);

/**
 * Families of operators that no model's forward pass needs and that trust their arguments: gradients of pooling write
 * where an index tensor says, packed and quantised weights are read as memory images, sparse and nested tensors are
 * believed to be well-formed, polynomials take as many steps as a number says.
 */
const TRUSTING =
  /backward|sparse|nested|jagged|polynomial|^(?:cudnn|miopen|mkldnn|mps|fbgemm|lstm_mps)|mkldnn|(?<!fake_)quantize/;

/**
 * Single operators that read memory where a file's numbers say (pivots, labels, samples), that can be told not to check,
 * or that give a tensor other memory.
 */
const REFUSED: ReadonlySet<string> = new Set([
  "choose_qparams_optimized",
  "ctc_loss",
  "fractional_max_pool2d",
  "fractional_max_pool3d",
  "from_file",
  "linalg_ldl_solve",
  "linalg_lu_solve",
  "lu_solve",
  "lu_unpack",
  "resize",
  "resize_as",
  "segment_reduce",
  "set",
]);

/**
 * Operators with a leading underscore, internal to PyTorch, that captured and exported models do hold. Not among them:
 * those that crash on arguments that their public callers never give (`_stack` of no tensors).
 */
const INTERNAL: ReadonlySet<string> = new Set([
  "__and__",
  "__lshift__",
  "__or__",
  "__rshift__",
  "__xor__",
  "_adaptive_avg_pool2d",
  "_adaptive_avg_pool3d",
  "_addmm_activation",
  "_aminmax",
  "_batch_norm_no_update",
  "_cast_Byte",
  "_cast_Char",
  "_cast_Double",
  "_cast_Float",
  "_cast_Half",
  "_cast_Int",
  "_cast_Long",
  "_cast_Short",
  "_cdist_forward",
  "_conj",
  "_conj_physical",
  "_convolution",
  "_convolution_mode",
  "_dim_arange",
  "_embedding_bag",
  "_embedding_bag_forward_only",
  "_euclidean_dist",
  "_fused_rms_norm",
  "_grouped_mm",
  "_int_mm",
  "_is_all_true",
  "_is_any_true",
  "_linalg_det",
  "_linalg_eigh",
  "_linalg_slogdet",
  "_linalg_solve_ex",
  "_linalg_svd",
  "_local_scalar_dense",
  "_log_softmax",
  "_logcumsumexp",
  "_masked_softmax",
  "_native_batch_norm_legit",
  "_native_batch_norm_legit_functional",
  "_native_batch_norm_legit_no_training",
  "_neg_view",
  "_pad_circular",
  "_pad_enum",
  "_pdist_forward",
  "_prelu_kernel",
  "_reshape_alias",
  "_safe_softmax",
  "_scaled_dot_product_attention_math",
  "_scaled_dot_product_cudnn_attention",
  "_scaled_dot_product_efficient_attention",
  "_scaled_dot_product_flash_attention",
  "_scaled_dot_product_flash_attention_for_cpu",
  "_scaled_dot_product_fused_attention_overrideable",
  "_shape_as_tensor",
  "_softmax",
  "_to_copy",
  "_trilinear",
  "_unique2",
  "_unsafe_index",
  "_unsafe_view",
  "_upsample_bicubic2d_aa",
  "_upsample_bilinear2d_aa",
  "_upsample_nearest_exact1d",
  "_upsample_nearest_exact2d",
  "_upsample_nearest_exact3d",
]);

/** Operators that read the one number of a tensor, for sizes that depend on values. */
const GIVES_NUMBER: ReadonlySet<string> = new Set(["item", "_local_scalar_dense"]);
/** Operators that this addon brings. */
const OWN: ReadonlySet<string> = new Set([
  "graphpatch::dequantize_gguf",
  "transformers::grouped_mm_fallback",
]);

const known = new Map<string, string | null>();

/**
 * Why a graph that comes from a file may not hold an operator; null when it may. Such a graph computes tensors from
 * tensors and does nothing else: its operators are PyTorch's (aten) or this package's, write to none of their arguments, and take nothing
 * that leads out of the graph, such as the name of a file.
 *
 * @param operator `aten::add`
 * @param overload `Tensor`, or ""
 * @throws UnknownOperatorError when libtorch has no such operator or overload.
 */
export function operatorRefusal(operator: string, overload: string): string | null {
  const key = `${operator}.${overload}`;
  let reason = known.get(key);
  if (reason === undefined) {
    reason = judge(operator, overload);
    known.set(key, reason);
  }
  return reason;
}

function judge(operator: string, overload: string): string | null {
  if (OWN.has(operator)) return null;
  if (!operator.startsWith("aten::")) return "it is not one of PyTorch's own operators (aten)";
  const name = operator.slice("aten::".length);
  const { text, arguments: args, returns } = binding.schema(operator, overload);
  // Alias annotations of the schema: `Tensor(a!) self` is written to.
  if (text.includes("!")) return "it writes to its arguments";
  const file = args.find(
    (argument) => plainType(argument.type) === "str" && /file|path/i.test(argument.name),
  );
  if (file) return `it takes the name of a file, ${file.name}`;
  const odd = args.find(({ type }) => !PLAIN_TYPES.has(plainType(type)));
  if (odd) return `its argument ${odd.name} is of type ${odd.type}, which is no plain value`;
  if (!returns.some((type) => plainType(type) === "Tensor") && !GIVES_NUMBER.has(name)) {
    return "it gives no tensor";
  }
  if (name.startsWith("_") && !INTERNAL.has(name)) return "it is internal to PyTorch";
  if (REFUSED.has(name) || TRUSTING.test(name))
    return "it trusts its arguments in ways that a file must not use";
  return null;
}

/** `Tensor` of `Tensor?[]`. */
function plainType(type: string): string {
  return type.replace(/\?|\[\d*\]/g, "");
}
