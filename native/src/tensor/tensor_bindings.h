#pragma once

#include <napi.h>

namespace graphpatch {

// Exports TensorHandle, setTensorClass, and the functions that read a tensor: shape, strides, sizeAt, dim,
// numel, dtype, device, item, data, fromData, manualSeed.
void initTensor(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
