#pragma once

#include <napi.h>

namespace graphpatch {

// Adds what sweeps need to the addon's exports: surveys and waves.
void initSweep(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
