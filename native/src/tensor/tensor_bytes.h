// A tensor's memory as it stands, for writing files.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>

namespace graphpatch {

// Kernels choose their way by the address of their operands, and with it the order in which they add: a
// matrix product may differ in the last bits when an operand lies elsewhere. Addresses that agree modulo this
// number count as the same.
constexpr uintptr_t kAlignment = 64;

// The address of the first element modulo kAlignment; -1 for a tensor that is not strided memory (a sparse
// one).
int64_t addressModulo(const at::Tensor& tensor);

// Copies `length` bytes of a dense row-major CPU tensor from byte `begin` on. ArgumentError for any other
// tensor or when they reach beyond it.
void copyBytes(const at::Tensor& tensor, int64_t begin, uint8_t* target, size_t length);

}  // namespace graphpatch
