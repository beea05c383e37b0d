#include "operand.h"

#include <ATen/ATen.h>
#include <c10/core/ScalarType.h>

#include <algorithm>

#include "patch_error.h"

namespace graphpatch {

namespace {

// The options of `part` for a constant beside it.
at::TensorOptions like(const at::Tensor& part) { return part.options().requires_grad(false); }

void checkDtype(const Patch& patch, at::ScalarType given, const at::Tensor& part) {
  if (c10::canCast(given, part.scalar_type())) return;
  failPatch(patch, std::string("a value of dtype ") + c10::toString(given) + " cannot stand in a " +
                       c10::toString(part.scalar_type()) + " value; convert it with .to(…) first");
}

at::Tensor operand(const Patch& patch, const at::Tensor& part) {
  if (!patch.value.isTensor()) {
    const c10::Scalar number = patch.value.toScalar();
    checkDtype(patch, number.type(), part);
    return at::scalar_tensor(number, like(part));
  }
  const at::Tensor& value = patch.value.toTensor();
  checkDtype(patch, value.scalar_type(), part);
  return value.to(like(part));
}

bool broadcasts(at::IntArrayRef from, at::IntArrayRef to) {
  if (from.size() > to.size()) return false;
  return std::equal(from.rbegin(), from.rend(), to.rbegin(),
                    [](int64_t size, int64_t wanted) { return size == 1 || size == wanted; });
}

}  // namespace

at::Tensor fittedOperand(const Patch& patch, const at::Tensor& part) {
  const at::Tensor value = operand(patch, part);
  if (!broadcasts(value.sizes(), part.sizes())) {
    failPatch(patch, "a value of shape " + shapeText(value.sizes()) + " does not fit " +
                         (patch.slice ? "the part it acts on, of shape " : "the node, of shape ") +
                         shapeText(part.sizes()));
  }
  return value;
}

int64_t positionOf(const Patch& patch, int64_t dim, int64_t rank) {
  const int64_t position = dim < 0 ? dim + rank : dim;
  if (position < 0 || position >= rank) {
    failPatch(patch, "dimension " + std::to_string(dim) + " of a value with " + std::to_string(rank) +
                         (rank == 1 ? " dimension" : " dimensions"));
  }
  return position;
}

at::Tensor directions(const Patch& patch, const at::Tensor& part) {
  if (!at::isFloatingType(part.scalar_type())) {
    failPatch(patch, std::string("the value is of dtype ") + c10::toString(part.scalar_type()) +
                         "; directions need floating-point values");
  }
  const at::Tensor& value = patch.value.toTensor();
  checkDtype(patch, value.scalar_type(), part);
  const int64_t width = part.size(positionOf(patch, patch.dim, part.dim()));
  if (value.dim() < 1 || value.dim() > 2 || value.size(-1) != width) {
    failPatch(patch, "directions of shape " + shapeText(value.sizes()) + " do not fit dimension " +
                         std::to_string(patch.dim) + " of the " + (patch.slice ? "part it acts on" : "node") +
                         ", of shape " + shapeText(part.sizes()) + "; they must be [" +
                         std::to_string(width) + "] or [k, " + std::to_string(width) + "]");
  }
  const at::Tensor rows = value.to(like(part));
  return rows.dim() == 1 ? rows.unsqueeze(0) : rows;
}

}  // namespace graphpatch
