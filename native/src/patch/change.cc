#include "change.h"

#include <ATen/ATen.h>

#include "operand.h"
#include "patch_error.h"

namespace graphpatch {

namespace {

std::vector<int64_t> meanDims(const Patch& patch, const at::Tensor& whole) {
  if (!at::isFloatingType(whole.scalar_type()) && !at::isComplexType(whole.scalar_type())) {
    failPatch(patch, std::string("the node is of dtype ") + c10::toString(whole.scalar_type()) +
                         ", which has no mean; give it one: new MeanPatch({ value })");
  }
  std::vector<int64_t> dims;
  for (int64_t dim : patch.dims) dims.push_back(positionOf(patch, dim, whole.dim()));
  return dims;
}

// The mean over the patch's dimensions in each of their places, in the shape of the whole value.
at::Tensor meanInPlace(const Patch& patch, const at::Tensor& whole) {
  return whole.mean(meanDims(patch, whole), /*keepdim=*/true).expand(whole.sizes());
}

// The component of `part` in the span of the directions d_1 … d_k, along `dim`: x D⁺ D with the rows of D the
// directions and D⁺ its pseudo-inverse, which holds for directions that are neither normalised nor
// independent (orthogonal projection onto a row space; Golub & Van Loan, Matrix Computations, 5.5.2).
at::Tensor component(const Patch& patch, const at::Tensor& part) {
  const at::Tensor rows = directions(patch, part);
  const at::Tensor values = part.movedim(positionOf(patch, patch.dim, part.dim()), -1);
  // Half precision cannot hold the products of a few hundred numbers; libtorch has no pseudo-inverse for it
  // either.
  const bool isHalf = part.scalar_type() == at::kHalf || part.scalar_type() == at::kBFloat16;
  const at::Tensor basis = isHalf ? rows.to(at::kFloat) : rows;
  if (basis.abs().max().item<double>() == 0) failPatch(patch, "the direction is zero");
  const at::Tensor along = isHalf ? values.to(at::kFloat) : values;
  at::Tensor result;
  if (basis.size(0) == 1) {
    const at::Tensor direction = basis.squeeze(0);
    const at::Tensor unit = direction.div(direction.norm());
    result = at::mul(along, unit).sum(-1, /*keepdim=*/true).mul(unit);
  } else {
    result = at::matmul(at::matmul(along, at::linalg_pinv(basis)), basis);
  }
  return result.to(part.scalar_type()).movedim(-1, positionOf(patch, patch.dim, part.dim()));
}

}  // namespace

at::Tensor partOf(const Patch& patch, const at::Tensor& whole) {
  if (!patch.slice) return whole;
  try {
    return whole.index(*patch.slice);
  } catch (const c10::Error& error) {
    failPatch(patch, "the slice does not fit the node, of shape " + shapeText(whole.sizes()) + " (" +
                         error.what_without_backtrace() + ")");
  }
}

at::Tensor changedPart(const Patch& patch, const at::Tensor& part, const at::Tensor& whole) {
  switch (patch.kind) {
    case PatchKind::Add:
      return part.add(fittedOperand(patch, part));
    case PatchKind::Replace:
      return fittedOperand(patch, part).expand(part.sizes());
    case PatchKind::Zero:
      return at::zeros_like(part);
    case PatchKind::Scale:
      return part.mul(fittedOperand(patch, part));
    case PatchKind::Mean:
      return patch.dims.empty() ? fittedOperand(patch, part).expand(part.sizes())
                                : partOf(patch, meanInPlace(patch, whole));
    case PatchKind::Project:
      return patch.keep ? component(patch, part) : part.sub(component(patch, part));
    default:
      failPatch(patch, "not a patch that changes values");
  }
}

void checkChange(const Patch& patch, const at::Tensor& part, const at::Tensor& whole) {
  switch (patch.kind) {
    case PatchKind::Zero:
      return;
    case PatchKind::Mean:
      if (!patch.dims.empty()) {
        meanDims(patch, whole);
        return;
      }
      [[fallthrough]];
    case PatchKind::Add:
    case PatchKind::Replace:
    case PatchKind::Scale:
      fittedOperand(patch, part);
      return;
    case PatchKind::Project:
      directions(patch, part);
      return;
    default:
      return;
  }
}

}  // namespace graphpatch
