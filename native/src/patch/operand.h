#pragma once

#include <ATen/core/Tensor.h>

#include "patch.h"

namespace graphpatch {

// The patch's value (Add, Replace, Mean's given value; Scale's factor) in the dtype and on the device of
// `part`, and of a shape that broadcasts to it. Throws PatchError when the dtype cannot stand for the other
// without loss of kind (a fraction in an integer, a number in a mask), or the shape does not fit.
at::Tensor fittedOperand(const Patch& patch, const at::Tensor& part);

// Project's directions, [k, width], in the dtype and on the device of `part`. Throws PatchError when they are
// not as wide as the dimension they act along.
at::Tensor directions(const Patch& patch, const at::Tensor& part);

// The patch's dimension as a position from the front; throws PatchError when the value has no such dimension.
int64_t positionOf(const Patch& patch, int64_t dim, int64_t rank);

}  // namespace graphpatch
