#pragma once

#include <napi.h>

namespace graphpatch {

// Adds `createGraph` to the addon's exports: the door to Graph, Plan and Run.
void initEngine(Napi::Env env, Napi::Object exports);

}  // namespace graphpatch
