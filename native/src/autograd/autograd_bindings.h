#pragma once

#include <napi.h>

namespace graphpatch {

// Exports backward, grad, setGrad, requiresGrad, setRequiresGrad, retainGrad, isLeaf, version and gradFn.
void initAutograd(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
