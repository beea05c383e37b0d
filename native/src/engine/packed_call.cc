#include "packed_call.h"

#include <ATen/ATen.h>

#include "step_error.h"

namespace graphpatch {

std::optional<at::Tensor> multiplyPacked(const Step& step, PackedWeights& weights, const at::Tensor& input,
                                         const c10::IValue& bias) {
  const PackableLinear& linear = *step.packable;
  if (input.scalar_type() != at::kFloat || input.dim() < 2) return std::nullopt;
  const at::Tensor biasTensor = bias.isTensor() ? bias.toTensor() : at::Tensor();
  if (biasTensor.defined() && (biasTensor.dim() != 1 || biasTensor.scalar_type() != at::kFloat))
    return std::nullopt;
  const at::Tensor& weight = step.arguments[linear.weight].constant.toTensor();
  try {
    return packedLinear(input, weights.of(linear, weight), biasTensor);
  } catch (const c10::Error& error) {
    const auto& call = std::get<OperatorCall>(step.node->operation);
    throwStepError(*step.node, call.handle, {input, weight, bias}, error);
  }
}

}  // namespace graphpatch
