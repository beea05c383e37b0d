#pragma once

#include <ATen/core/Tensor.h>

namespace standin {

// The same memory as a tensor of the processor: what kernels compute on.
at::Tensor asOnCpu(const at::Tensor& tensor);

}  // namespace standin
