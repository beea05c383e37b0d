#pragma once

#include <napi.h>

namespace graphpatch {

// Exports setErrorClasses({ name: class }).
void initErrors(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
