#include "patch_error.h"

#include <sstream>

#include "../errors/errors.h"

namespace graphpatch {

namespace {

const char* kindName(PatchKind kind) {
  switch (kind) {
    case PatchKind::Add:
      return "AddPatch";
    case PatchKind::Replace:
      return "ReplacePatch";
    case PatchKind::Zero:
      return "ZeroPatch";
    case PatchKind::Scale:
      return "ScalePatch";
    case PatchKind::Mean:
      return "MeanPatch";
    case PatchKind::Project:
      return "ProjectPatch";
    case PatchKind::Probe:
      return "ProbePatch";
    case PatchKind::Record:
      return "RecordPatch";
    case PatchKind::Custom:
      return "CustomPatch";
  }
  return "patch";
}

}  // namespace

std::string shapeText(at::IntArrayRef sizes) {
  std::ostringstream text;
  text << sizes;
  return text.str();
}

void failPatch(const Patch& patch, const std::string& why) {
  const std::string slice = patch.slice ? " [" + patch.sliceText + "]" : "";
  throw GraphpatchError("PatchError", kindName(patch.kind) + slice + " at " + patch.node + ": " + why);
}

}  // namespace graphpatch
