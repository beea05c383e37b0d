#include "row_rules.h"

#include <ATen/ATen.h>

#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "rules/rules.h"

namespace graphpatch {

namespace {

using Names = std::unordered_set<std::string_view>;

// Every element of the result is made from the elements at the same place; arguments broadcast.
const Names kElementwise{"abs",         "add",          "addcdiv",     "addcmul",
                         "alias",       "bitwise_and",  "bitwise_not", "bitwise_or",
                         "bitwise_xor", "ceil",         "celu",        "clamp",
                         "clamp_max",   "clamp_min",    "copy",        "cos",
                         "detach",      "detach_copy",  "div",         "dropout",
                         "elu",         "eq",           "erf",         "erfc",
                         "exp",         "exp2",         "expm1",       "float_power",
                         "floor",       "floor_divide", "fmod",        "ge",
                         "gelu",        "gt",           "hardsigmoid", "hardswish",
                         "hardtanh",    "isfinite",     "isinf",       "isnan",
                         "le",          "leaky_relu",   "lerp",        "lift_fresh_copy",
                         "log",         "log10",        "log1p",       "log2",
                         "log_sigmoid", "logical_and",  "logical_not", "logical_or",
                         "logical_xor", "logit",        "lt",          "masked_fill",
                         "maximum",     "minimum",      "mish",        "mul",
                         "nan_to_num",  "ne",           "neg",         "pow",
                         "reciprocal",  "relu",         "relu6",       "remainder",
                         "round",       "rsqrt",        "rsub",        "selu",
                         "sigmoid",     "sign",         "silu",        "sin",
                         "sinh",        "softplus",     "softsign",    "sqrt",
                         "square",      "sub",          "tan",         "tanh",
                         "threshold",   "trunc",        "where",       "xlogy"};

// As these, but of their tensors only the first one's values count.
const Names kElementwiseOfFirst{"to",    "_to_copy",   "type_as",   "contiguous",
                                "clone", "zeros_like", "ones_like", "full_like"};

// They work along a dimension and keep it.
const Names kAlongKept{
    "softmax",      "_softmax", "log_softmax",      "_log_softmax", "cumsum",       "cumprod",
    "logcumsumexp", "split",    "split_with_sizes", "chunk",        "tensor_split", "slice",
    "narrow",       "flip",     "index_select",     "topk",         "sort",         "argsort",
    "glu",          "roll"};

// They work along dimensions and take them away, unless `keepdim` is true.
const Names kReduced{"mean", "sum",    "var",    "std",       "amax",
                     "amin", "argmax", "argmin", "logsumexp", "prod",
                     "any",  "all",    "max",    "min",       "linalg_vector_norm",
                     "norm"};

const Names kReshaped{"view",      "reshape", "_unsafe_view", "_reshape_alias",
                      "view_copy", "flatten", "unflatten",    "squeeze"};

// They work on each text of a batch by itself, dimension 0 of a value with so many dimensions.
const std::unordered_map<std::string_view, int> kByText{{"conv1d", 3},
                                                        {"conv2d", 4},
                                                        {"conv3d", 5},
                                                        {"max_pool1d", 3},
                                                        {"max_pool2d", 4},
                                                        {"avg_pool1d", 3},
                                                        {"avg_pool2d", 4},
                                                        {"adaptive_avg_pool1d", 3},
                                                        {"adaptive_avg_pool2d", 4},
                                                        {"pixel_shuffle", 4}};
// Memory formats are those of values with texts first.
bool hasMemoryFormat(const StepReader& step) {
  const int at = step.place("memory_format");
  if (at < 0) return false;
  const c10::IValue format = step.argument(at);
  return format.isInt() && format.toMemoryFormat() != at::MemoryFormat::Contiguous &&
         format.toMemoryFormat() != at::MemoryFormat::Preserve;
}

std::optional<RowRule> byText(const StepReader& step, std::string_view name) {
  const auto found = kByText.find(name);
  const auto layout = step.rowsOf(0);
  if (found == kByText.end() || step.dimOf(0) != found->second || !layout ||
      !(*layout == RowLayout{0, -1, false}))
    return std::nullopt;
  return step.withOperands(0, *layout);
}

std::optional<RowRule> light(std::optional<RowRule> rule) {
  if (rule) rule->isLight = true;
  return rule;
}

// Of operators that do little to each row.
std::optional<RowRule> lightRule(const StepReader& step, std::string_view name) {
  if (name == "dropout" && step.isTrue(2)) return std::nullopt;
  // Of a condition alone it gives the places where that holds.
  if (name == "where" && step.schema().arguments().size() == 1) return std::nullopt;
  if (kElementwise.contains(name)) return elementwise(step);
  if (kElementwiseOfFirst.contains(name)) return elementwiseOfFirst(step);
  if (kReshaped.contains(name)) return reshaped(step);
  if (name == "transpose" || name == "permute" || name == "t") return permuted(step, name);
  if (name == "unsqueeze") return unsqueezed(step);
  if (name == "expand") return expanded(step);
  if (kAlongKept.contains(name)) return along(step, name == "slice");
  if (kReduced.contains(name)) return reduced(step);
  if (name == "select" || name == "unbind") return dropped(step);
  if (name == "cat" || name == "stack") return concatenated(step, name == "stack");
  if (name == "layer_norm" || name == "rms_norm" || name == "native_layer_norm") return normalized(step);
  return std::nullopt;
}

std::optional<RowRule> ruleOf(const StepReader& step, const Node& node) {
  if (std::holds_alternative<Alias>(node.operation)) return light(elementwise(step));
  const auto* call = std::get_if<OperatorCall>(&node.operation);
  if (call == nullptr || call->autocast || step.schema().is_mutable()) return std::nullopt;
  std::string_view name = step.schema().name();
  if (!name.starts_with("aten::") || hasMemoryFormat(step)) return std::nullopt;
  name.remove_prefix(6);
  if (auto rule = light(lightRule(step, name))) return rule;
  if (name == "linear" || name == "mm") return multiplied(step, 0);
  if (name == "addmm") return step.dimOf(0) <= 1 ? multiplied(step, 1) : std::nullopt;
  if (name == "matmul" || name == "bmm") return matrixProduct(step);
  if (name == "scaled_dot_product_attention") return attention(step);
  if (name == "embedding") return onRows(step, 1);
  // Without a number of classes the result's size depends on the values.
  if (name == "one_hot") return step.argument(1).toInt() > 0 ? onRows(step, 0) : std::nullopt;
  return byText(step, name);
}

}  // namespace

RowRule rowRule(const Step& step, const std::vector<c10::IValue>& frame,
                const std::vector<RowLayout>& layouts, const std::vector<bool>& differs,
                const RowCounts& counts) {
  for (const bool byTexts : {false, true}) {
    const StepReader reader(step, frame, layouts, differs, counts, byTexts);
    if (auto rule = ruleOf(reader, *step.node)) return *rule;
  }
  RowRule rule;
  rule.mode = RowMode::PerCell;
  return rule;
}

}  // namespace graphpatch
