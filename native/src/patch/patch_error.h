#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "patch.h"

namespace graphpatch {

// "[2, 3]".
std::string shapeText(at::IntArrayRef sizes);

// Throws GraphpatchError("PatchError"): the kind of patch, its slice and node, and what is wrong.
[[noreturn]] void failPatch(const Patch& patch, const std::string& why);

}  // namespace graphpatch
