#pragma once

#include <ATen/core/ivalue.h>

#include "patch.h"

namespace graphpatch {

// What a patch makes of a number node (a size). Throws PatchError for kinds and values that a number cannot
// take.
c10::IValue changedNumber(const Patch& patch, const c10::IValue& current);

}  // namespace graphpatch
