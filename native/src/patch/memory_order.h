#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace graphpatch {

// `changed` in the order of memory of `current`, which has the same sizes: what follows may take views that
// only this order allows. Most changes keep it; a value that was broadcast does not.
at::Tensor inOrderOf(const at::Tensor& current, const at::Tensor& changed);

// `value`, broadcast to `sizes`, in memory in the order that `strides` say, or in row-major order if there
// are none.
at::Tensor spreadInOrder(const at::Tensor& value, at::IntArrayRef sizes, const std::vector<int64_t>& strides);

}  // namespace graphpatch
