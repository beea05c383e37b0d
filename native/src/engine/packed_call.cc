#include "packed_call.h"

#include <ATen/ATen.h>

#include "step_error.h"

namespace graphpatch {

namespace {

bool canMultiply(const at::Tensor& input, const at::Tensor& bias) {
  if (input.scalar_type() != at::kFloat || input.dim() < 2) return false;
  return !bias.defined() || (bias.dim() == 1 && bias.scalar_type() == at::kFloat);
}

// `weightOf` gives the weight as oneDNN is to have it.
template <class F>
std::optional<at::Tensor> multiply(const Step& step, const at::Tensor& input, const c10::IValue& bias,
                                   F&& weightOf) {
  const at::Tensor biasTensor = bias.isTensor() ? bias.toTensor() : at::Tensor();
  if (!canMultiply(input, biasTensor)) return std::nullopt;
  const at::Tensor& weight = step.arguments[step.packable->weight].constant.toTensor();
  try {
    return oneDnnLinear(input, weightOf(weight), biasTensor);
  } catch (const c10::Error& error) {
    const auto& call = std::get<OperatorCall>(step.node->operation);
    throwStepError(*step.node, call.handle, {input, weight, bias}, error);
  }
}

}  // namespace

std::optional<at::Tensor> multiplyPacked(const Step& step, PackedWeights& weights, const at::Tensor& input,
                                         const c10::IValue& bias) {
  return multiply(step, input, bias,
                  [&](const at::Tensor& weight) { return weights.of(*step.packable, weight); });
}

std::optional<at::Tensor> multiplyByOneDnn(const Step& step, const at::Tensor& input, const c10::IValue& bias,
                                           const at::Tensor* packed) {
  if (!hasOneDnn()) return std::nullopt;
  return multiply(step, input, bias, [&](const at::Tensor& weight) {
    if (packed != nullptr) return *packed;
    return step.packable->isTransposed ? weight.t() : weight;
  });
}

}  // namespace graphpatch
