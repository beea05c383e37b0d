#pragma once

#include <ATen/core/Tensor.h>

#include "patch.h"

namespace graphpatch {

// The part of a value that a patch acts on: the whole, or its slice. Throws PatchError when the slice does
// not fit.
at::Tensor partOf(const Patch& patch, const at::Tensor& whole);

// What the patch makes of `part`, which is partOf(whole). For the kinds that change values.
at::Tensor changedPart(const Patch& patch, const at::Tensor& part, const at::Tensor& whole);

// Refuses what changedPart would refuse for its shapes and dtypes, without computing.
void checkChange(const Patch& patch, const at::Tensor& part, const at::Tensor& whole);

}  // namespace graphpatch
