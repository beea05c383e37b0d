#pragma once

#include <napi.h>

namespace graphpatch {

// Exports setNumThreads(n) and getNumThreads().
void initAsync(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
