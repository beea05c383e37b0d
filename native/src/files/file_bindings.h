#pragma once

#include <napi.h>

namespace graphpatch {

// Exports tryLockFile(descriptor).
void initFiles(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
