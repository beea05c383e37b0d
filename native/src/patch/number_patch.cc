#include "number_patch.h"

#include "patch_error.h"

namespace graphpatch {

namespace {

double combined(PatchKind kind, double current, double given) {
  if (kind == PatchKind::Add) return current + given;
  return kind == PatchKind::Scale ? current * given : given;
}

int64_t combined(PatchKind kind, int64_t current, int64_t given) {
  if (kind == PatchKind::Add) return current + given;
  return kind == PatchKind::Scale ? current * given : given;
}

}  // namespace

c10::IValue changedNumber(const Patch& patch, const c10::IValue& current) {
  if (patch.slice) failPatch(patch, "the node is a number; a number has no slices");
  if (patch.kind == PatchKind::Project || !patch.dims.empty()) {
    failPatch(patch, "the node is a number; this patch needs a tensor");
  }
  const c10::IValue given = patch.kind == PatchKind::Zero ? c10::IValue(int64_t{0}) : patch.value;
  if (!given.isScalar()) failPatch(patch, "the node is a number; the value must be one, too");
  const c10::Scalar number = given.toScalar();
  if (current.isBool()) {
    if (patch.kind == PatchKind::Zero) return false;
    if (!number.isBoolean()) failPatch(patch, "the node is true or false; the value must be, too");
    if (patch.kind == PatchKind::Add) return current.toBool() || number.toBool();
    return patch.kind == PatchKind::Scale ? current.toBool() && number.toBool() : number.toBool();
  }
  if (current.isInt()) {
    if (number.isFloatingPoint()) failPatch(patch, "the node is an integer; the value must be one, too");
    return combined(patch.kind, current.toInt(), number.to<int64_t>());
  }
  return combined(patch.kind, current.toScalar().toDouble(), number.to<double>());
}

}  // namespace graphpatch
