#include "patch.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "change.h"
#include "memory_order.h"
#include "number_patch.h"
#include "patch_error.h"

namespace graphpatch {

namespace {

at::Tensor largestChange(const at::Tensor& before, const at::Tensor& after) {
  if (before.numel() == 0) return {};
  const at::AutoGradMode noGrad(false);
  if (at::isComplexType(before.scalar_type()) || at::isFloatingType(before.scalar_type())) {
    return at::sub(after, before).abs().max();
  }
  return at::sub(after.to(at::kDouble), before.to(at::kDouble)).abs().max();
}

at::Tensor applyToTensor(const Patch& patch, const at::Tensor& current, PatchOutcome& outcome) {
  const at::Tensor before = partOf(patch, current);
  const at::Tensor after = changedPart(patch, before, current);
  if (!outcome.quiet) outcome.maxChange = largestChange(before, after);
  if (!patch.slice) return inOrderOf(current, after);
  at::Tensor changed = current.clone();
  changed.index_put_(*patch.slice, after);
  return changed;
}

c10::IValue applyToNumber(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome) {
  const c10::IValue changed = changedNumber(patch, current);
  outcome.maxChange = largestChange(at::scalar_tensor(current.toScalar(), at::kDouble),
                                    at::scalar_tensor(changed.toScalar(), at::kDouble));
  return changed;
}

// For keepGradient a value whose gradient backward() keeps; one that nothing upstream gives a gradient
// becomes a leaf here.
c10::IValue withGradient(const Patch& patch, const at::Tensor& current, PatchOutcome& outcome) {
  if (!at::isFloatingType(current.scalar_type()) && !at::isComplexType(current.scalar_type())) {
    failPatch(patch, std::string("no gradient for a value of dtype ") + c10::toString(current.scalar_type()));
  }
  at::Tensor live = current;
  if (live.requires_grad()) {
    // A tensor of its own: what used the value before the patch (inside the module whose output it is) has no
    // part in the gradient.
    live = at::alias(current);
    live.retain_grad();
  } else {
    live = live.detach().requires_grad_(true);
  }
  outcome.live = live;
  return live;
}

c10::IValue observe(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome) {
  if (!current.isTensor()) {
    outcome.activation = current;
    return current;
  }
  // Values never change after their node ran, so a probe may share the memory of what it sees.
  const at::Tensor part = partOf(patch, current.toTensor());
  outcome.activation = part.requires_grad() ? part.detach() : part;
  outcome.shared = true;
  return patch.keepGradient ? withGradient(patch, current.toTensor(), outcome) : current;
}

}  // namespace

c10::IValue applyPatch(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome) {
  outcome.fired = true;
  if (patch.kind == PatchKind::Probe || patch.kind == PatchKind::Record)
    return observe(patch, current, outcome);
  // A replacement of the whole: the value was not computed.
  if (current.isNone()) return spreadInOrder(patch.value.toTensor(), *patch.shape, patch.strides);
  if (!current.isTensor()) return applyToNumber(patch, current, outcome);
  return applyToTensor(patch, current.toTensor(), outcome);
}

void checkPatch(const Patch& patch, const std::optional<std::vector<int64_t>>& shape, at::ScalarType dtype) {
  if (patch.kind == PatchKind::Custom) return;
  if (!shape) {
    if (patch.slice) failPatch(patch, "the node is a number; a number has no slices");
    return;
  }
  if (!patch.slice && observes(patch.kind)) return;
  // One element seen in every place: indexing checks bounds as on the real value and takes no memory.
  // It is where the patch's value is, which need not be copied then.
  const c10::Device device = patch.value.isTensor() ? patch.value.toTensor().device() : c10::Device(at::kCPU);
  const at::Tensor whole = at::zeros({}, at::device(device).dtype(dtype)).expand(*shape);
  checkChange(patch, partOf(patch, whole), whole);
}

c10::IValue takeCustomResult(const c10::IValue& before, const c10::IValue& after, PatchOutcome& outcome) {
  outcome.fired = true;
  if (!before.isTensor() || !after.isTensor() || before.toTensor().sizes() != after.toTensor().sizes()) {
    return after;
  }
  outcome.maxChange = largestChange(before.toTensor(), after.toTensor());
  return inOrderOf(before.toTensor(), after.toTensor());
}

}  // namespace graphpatch
