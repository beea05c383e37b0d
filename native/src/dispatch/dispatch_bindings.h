#pragma once

#include <napi.h>

namespace graphpatch {

// Exports call, callResolved, resolve, operatorNames and schemas.
void initDispatch(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
