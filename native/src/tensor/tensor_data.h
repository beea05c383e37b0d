// Copies between tensors and typed arrays.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

namespace graphpatch {

// The values in row-major order: a typed array of the tensor's own element type where JavaScript has it; bool
// as Uint8Array; 16- and 8-bit floats as Float32Array; complex numbers as (real, imaginary) pairs.
Napi::Value tensorToTypedArray(Napi::Env env, const at::Tensor& tensor);
// A new CPU tensor of the given shape with the array's values converted to dtype.
at::Tensor typedArrayToTensor(const Napi::TypedArray& array, at::IntArrayRef shape, at::ScalarType dtype);
// The value of a one-element tensor: number, boolean, or bigint beyond 2^53.
Napi::Value scalarToJs(Napi::Env env, const at::Scalar& scalar);
Napi::Value intToJs(Napi::Env env, int64_t value);

}  // namespace graphpatch
