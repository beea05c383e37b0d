#pragma once

#include <napi.h>

namespace graphpatch {

// Exports setNumThreads(n) and getNumThreads(); setLeavable(on), of operators that this environment calls,
// and leaveCalls(), which other threads' environments call.
void initAsync(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
