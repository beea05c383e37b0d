#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "plan.h"

namespace graphpatch {

// The result of a packable step for `input` and `bias` (None for none); nothing where only the operator
// itself will do: other dtypes, inputs that are no matrix.
std::optional<at::Tensor> multiplyPacked(const Step& step, PackedWeights& weights, const at::Tensor& input,
                                         const c10::IValue& bias);

// The same by oneDNN with the weight as `packed` has it; with nullptr as it lies, which costs a little more
// each time.
std::optional<at::Tensor> multiplyByOneDnn(const Step& step, const at::Tensor& input, const c10::IValue& bias,
                                           const at::Tensor* packed);

}  // namespace graphpatch
