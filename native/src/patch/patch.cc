#include "patch.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/ScalarType.h>

#include <sstream>

#include "../errors/errors.h"

namespace graphpatch {

namespace {

std::string shapeText(at::IntArrayRef sizes) {
  std::ostringstream text;
  text << sizes;
  return text.str();
}

const char* kindName(PatchKind kind) {
  switch (kind) {
    case PatchKind::Add:
      return "AddPatch";
    case PatchKind::Replace:
      return "ReplacePatch";
    case PatchKind::Zero:
      return "ZeroPatch";
    case PatchKind::Probe:
      return "ProbePatch";
    case PatchKind::Record:
      return "RecordPatch";
    case PatchKind::Custom:
      return "CustomPatch";
  }
  return "patch";
}

std::string place(const Patch& patch) {
  const std::string slice = patch.slice ? " [" + patch.sliceText + "]" : "";
  return kindName(patch.kind) + slice + " at " + patch.node;
}

[[noreturn]] void fail(const Patch& patch, const std::string& why) {
  throw GraphpatchError("PatchError", place(patch) + ": " + why);
}

// The patch's value in the dtype and on the device of what it acts on.
at::Tensor operand(const Patch& patch, const at::Tensor& part) {
  if (!patch.value.isTensor()) {
    return at::scalar_tensor(patch.value.toScalar(), part.options().requires_grad(false));
  }
  const at::Tensor& value = patch.value.toTensor();
  if (!c10::canCast(value.scalar_type(), part.scalar_type())) {
    fail(patch, std::string("a value of dtype ") + c10::toString(value.scalar_type()) +
                    " cannot stand in a " + c10::toString(part.scalar_type()) +
                    " value; convert it with .to(…) first");
  }
  return value.to(part.options().requires_grad(false));
}

at::Tensor fitted(const Patch& patch, const at::Tensor& part) {
  const at::Tensor value = operand(patch, part);
  try {
    return value.expand(part.sizes());
  } catch (const c10::Error&) {
    fail(patch, "a value of shape " + shapeText(value.sizes()) + " does not fit " +
                    (patch.slice ? "the part it acts on, of shape " : "the node, of shape ") +
                    shapeText(part.sizes()));
  }
}

at::Tensor changedPart(const Patch& patch, const at::Tensor& part) {
  switch (patch.kind) {
    case PatchKind::Add:
      return part.add(fitted(patch, part));
    case PatchKind::Replace:
      return fitted(patch, part);
    case PatchKind::Zero:
      return at::zeros_like(part);
    default:
      fail(patch, "not a patch that changes values");
  }
}

at::Tensor largestChange(const at::Tensor& before, const at::Tensor& after) {
  if (before.numel() == 0) return {};
  const at::AutoGradMode noGrad(false);
  if (at::isComplexType(before.scalar_type()) || at::isFloatingType(before.scalar_type())) {
    return at::sub(after, before).abs().max();
  }
  return at::sub(after.to(at::kDouble), before.to(at::kDouble)).abs().max();
}

at::Tensor part(const Patch& patch, const at::Tensor& whole) {
  try {
    return whole.index(*patch.slice);
  } catch (const c10::Error& error) {
    fail(patch, "the slice does not fit the node, of shape " + shapeText(whole.sizes()) + " (" +
                    error.what_without_backtrace() + ")");
  }
}

at::Tensor applyToTensor(const Patch& patch, const at::Tensor& current, PatchOutcome& outcome) {
  if (!patch.slice) {
    at::Tensor changed = changedPart(patch, current);
    outcome.maxChange = largestChange(current, changed);
    return changed;
  }
  const at::Tensor before = part(patch, current);
  const at::Tensor after = changedPart(patch, before);
  outcome.maxChange = largestChange(before, after);
  at::Tensor changed = current.clone();
  changed.index_put_(*patch.slice, after);
  return changed;
}

// Whole replacement of a value that was not computed.
at::Tensor replaceUncomputed(const Patch& patch) {
  const at::Tensor& value = patch.value.toTensor();
  return value.expand(*patch.shape);
}

c10::IValue applyToNumber(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome) {
  if (patch.slice) fail(patch, "the node is a number; a number has no slices");
  c10::IValue changed = patch.kind == PatchKind::Zero ? c10::IValue(int64_t{0}) : patch.value;
  if (!changed.isScalar() && !changed.isBool())
    fail(patch, "the node is a number; the value must be one, too");
  if (current.isInt()) {
    if (!changed.isInt() && !changed.isBool())
      fail(patch, "the node is an integer; the value must be one, too");
    const int64_t given = changed.isBool() ? changed.toBool() : changed.toInt();
    changed = patch.kind == PatchKind::Add ? current.toInt() + given : given;
  } else if (current.isDouble()) {
    const double given = changed.isBool() ? changed.toBool() : changed.toScalar().toDouble();
    changed = patch.kind == PatchKind::Add ? current.toDouble() + given : given;
  }
  outcome.maxChange = largestChange(at::scalar_tensor(current.toScalar(), at::kDouble),
                                    at::scalar_tensor(changed.toScalar(), at::kDouble));
  return changed;
}

// A copy that stands alone, and for keepGradient a value whose gradient backward() keeps. A value that
// nothing upstream gives a gradient becomes a leaf here.
c10::IValue observe(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome) {
  if (!current.isTensor()) {
    outcome.activation = current;
    return current;
  }
  at::Tensor value = current.toTensor();
  if (patch.kind == PatchKind::Probe && patch.slice) value = part(patch, value);
  outcome.activation = value.detach().clone();
  if (!patch.keepGradient) return current;
  at::Tensor live = current.toTensor();
  if (!at::isFloatingType(live.scalar_type()) && !at::isComplexType(live.scalar_type())) {
    fail(patch, std::string("no gradient for a value of dtype ") + c10::toString(live.scalar_type()));
  }
  if (live.requires_grad()) {
    live.retain_grad();
  } else {
    live = live.detach().requires_grad_(true);
  }
  outcome.live = live;
  return live;
}

}  // namespace

c10::IValue applyPatch(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome) {
  outcome.fired = true;
  if (patch.kind == PatchKind::Probe || patch.kind == PatchKind::Record)
    return observe(patch, current, outcome);
  if (current.isNone()) return replaceUncomputed(patch);
  if (!current.isTensor()) return applyToNumber(patch, current, outcome);
  return applyToTensor(patch, current.toTensor(), outcome);
}

void recordCustomChange(const c10::IValue& before, const c10::IValue& after, PatchOutcome& outcome) {
  outcome.fired = true;
  if (before.isTensor() && after.isTensor() && before.toTensor().sizes() == after.toTensor().sizes()) {
    outcome.maxChange = largestChange(before.toTensor(), after.toTensor());
  }
}

}  // namespace graphpatch
