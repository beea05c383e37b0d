#pragma once

#include <napi.h>

namespace graphpatch {

// Opens CUDA where it can be used, and exports cudaStatus() and cudaMemory(index).
void initCuda(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
