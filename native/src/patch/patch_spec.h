#pragma once

#include <napi.h>

#include "patch.h"

namespace graphpatch {

// Reads a patch from its description in JavaScript (`NativePatch` in lib/graph/native.ts).
Patch patchFromSpec(const Napi::Object& spec);

// A list of integers.
std::vector<int64_t> integersFromJs(const Napi::Value& list);

// A tensor, number or boolean from JavaScript; TypeError for anything else.
c10::IValue valueFromJs(const Napi::Value& value, const std::string& what);

}  // namespace graphpatch
