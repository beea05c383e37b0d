#pragma once

#include <napi.h>

namespace graphpatch {

// Exports memory(), dispose(tensor) and isDisposed(tensor).
void initMemory(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
