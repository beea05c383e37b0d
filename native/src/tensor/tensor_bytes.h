// A tensor's memory as it stands, for writing files.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>

namespace graphpatch {

// Where the first element lies; -1 for a tensor that is not strided memory (a sparse one).
int64_t dataAddress(const at::Tensor& tensor);

// Copies `length` bytes of a dense row-major CPU tensor from byte `begin` on. ArgumentError for any other
// tensor or when they reach beyond it.
void copyBytes(const at::Tensor& tensor, int64_t begin, uint8_t* target, size_t length);

}  // namespace graphpatch
