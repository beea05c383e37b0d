#include "packed_weights.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <string_view>
#include <utility>

#include "../errors/errors.h"

namespace graphpatch {

namespace {

// Where the matrices stand in the operators that multiply by one.
struct LinearForm {
  std::string_view name;
  int input;
  int weight;
  int bias;
  bool isTransposed;
};

constexpr LinearForm kForms[] = {
    {"aten::linear", 0, 1, 2, false},
    {"aten::addmm", 1, 2, 0, true},
    {"aten::mm", 0, 1, -1, true},
    {"aten::matmul", 0, 1, -1, true},
};

// addmm(…, beta, alpha) without its factors.
bool isPlainSum(const Node& node) {
  for (size_t i = 3; i < node.arguments.size(); ++i) {
    const Argument& factor = node.arguments[i];
    if (factor.kind != Argument::Kind::Constant || !factor.constant.isScalar() ||
        factor.constant.toScalar().toDouble() != 1) {
      return false;
    }
  }
  return true;
}

c10::OperatorHandle onednn(const char* name) {
  const auto handle = c10::Dispatcher::singleton().findSchema({name, ""});
  if (!handle) {
    throw GraphpatchError("UnknownOperatorError", std::string("optimize() needs ") + name +
                                                      ", which this build of libtorch does not have");
  }
  return *handle;
}

at::Tensor pack(const at::Tensor& weight) {
  static const c10::OperatorHandle reorder = onednn("mkldnn::_reorder_linear_weight");
  torch::jit::Stack stack{weight, c10::IValue()};
  reorder.callBoxed(stack);
  return stack.at(0).toTensor();
}

int64_t keyOf(const PackableLinear& linear) {
  return int64_t{linear.value} * 2 + (linear.isTransposed ? 1 : 0);
}

}  // namespace

std::optional<PackableLinear> packableLinear(
    const Node& node, const Graph& graph, const std::function<ValueIndex(const Argument&)>& constantBehind) {
  const auto* call = std::get_if<OperatorCall>(&node.operation);
  if (call == nullptr || call->autocast) return std::nullopt;
  for (const LinearForm& form : kForms) {
    if (form.name != call->handle.schema().name()) continue;
    if (form.name == "aten::addmm" && !isPlainSum(node)) return std::nullopt;
    const ValueIndex value = constantBehind(node.arguments[form.weight]);
    if (value < 0) return std::nullopt;
    const at::Tensor& weight = *graph.constantOf(value);
    if (weight.dim() != 2 || weight.scalar_type() != at::kFloat || !weight.is_cpu()) return std::nullopt;
    return PackableLinear{form.input, form.weight, form.bias, form.isTransposed, value};
  }
  return std::nullopt;
}

const at::Tensor* PackedWeights::find(const PackableLinear& linear, const at::Tensor& weight) const {
  const auto found = packed_.find(keyOf(linear));
  return found == packed_.end() || found->second.version != weight._version() ? nullptr
                                                                              : &found->second.tensor;
}

const at::Tensor& PackedWeights::of(const PackableLinear& linear, const at::Tensor& weight) {
  if (const at::Tensor* known = find(linear, weight)) return *known;
  Packed& packed = packed_[keyOf(linear)];
  const uint32_t version = weight._version();
  packed.tensor = pack((linear.isTransposed ? weight.t() : weight).contiguous());
  packed.version = version;
  packed.bytes = static_cast<int64_t>(weight.numel() * weight.element_size());
  return packed.tensor;
}

int64_t PackedWeights::bytes() const {
  int64_t sum = 0;
  for (const auto& [key, packed] : packed_) sum += packed.bytes;
  return sum;
}

bool hasOneDnn() {
  static const bool has = at::globalContext().hasMKLDNN() &&
                          c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  return has;
}

bool oneDnnIsFaster() {
#if defined(__x86_64__) && defined(__GNUC__)
  // MKL uses all that Intel's own processors have, and needs no weight laid out. Of others it leaves out
  // AVX-512, which oneDNN does not. By vendor and not by a measurement: a sweep gives the same bits each
  // time.
  return hasOneDnn() && !__builtin_cpu_is("intel");
#else
  return hasOneDnn();
#endif
}

at::Tensor oneDnnLinear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  static const c10::OperatorHandle multiply = onednn("mkldnn::_linear_pointwise");
  torch::jit::Stack stack{input,
                          weight,
                          bias.defined() ? c10::IValue(bias) : c10::IValue(),
                          std::string("none"),
                          c10::impl::GenericList(c10::OptionalType::create(c10::NumberType::get())),
                          c10::IValue()};
  multiply.callBoxed(stack);
  return stack.at(0).toTensor();
}

}  // namespace graphpatch
