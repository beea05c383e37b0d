// A run's patches.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "run.h"

namespace graphpatch {

void Run::queuePatches() {
  pending_.clear();
  nextPending_ = 0;
  for (ValueIndex value : current_->patched) {
    if (frame_[value].isNone()) continue;
    if (!keep_.empty()) unpatched_[value] = frame_[value];
    queuePatchesOf(value);
  }
}

void Run::queuePatchesOf(ValueIndex value) {
  const auto found = patchesOf_.find(value);
  // A value that only later runs patch.
  if (found == patchesOf_.end()) return;
  const PatchRange range = found->second;
  for (size_t patch = range.begin; patch < range.end; ++patch) pending_.push_back(patch);
}

// Applies pending patches; true when a custom one needs JavaScript.
bool Run::patchPending() {
  while (nextPending_ < pending_.size()) {
    const size_t index = pending_[nextPending_];
    const PlacedPatch& placed = patches_[index];
    if (placed.patch.kind == PatchKind::Custom) {
      pausedPatch_ = index;
      return true;
    }
    c10::IValue& value = frame_[placed.value];
    value = applyPatch(placed.patch, value, outcomes_[index]);
    if (outcomes_[index].shared) settleActivation(outcomes_[index]);
    ++nextPending_;
  }
  return false;
}

void Run::addForeign(const c10::IValue& value) {
  if (value.isTensor() && value.toTensor().has_storage())
    foreign_.push_back(value.toTensor().storage().unsafeGetStorageImpl());
}

// What a probe saw in the caller's memory is copied at once: the caller may write to it at any time, and
// backward() to gradients. So is a small part of a value, which would keep the whole alive; the graph keeps
// its constants anyway.
void Run::settleActivation(PatchOutcome& outcome) const {
  const at::Tensor& seen = outcome.activation.toTensor();
  if (!seen.has_storage()) return;
  const c10::StorageImpl* storage = seen.storage().unsafeGetStorageImpl();
  const bool isForeign = std::find(foreign_.begin(), foreign_.end(), storage) != foreign_.end();
  const bool isSmallPart = seen.nbytes() * 2 < storage->nbytes() && !plan_->graph().holds(storage);
  if (!isForeign && !isSmallPart) return;
  outcome.activation = seen.clone();
  outcome.shared = false;
}

void Run::resume(c10::IValue value) {
  c10::IValue& place = frame_[patches_[pausedPatch_].value];
  addForeign(value);
  place = takeCustomResult(place, value, outcomes_[pausedPatch_]);
  ++nextPending_;
}

}  // namespace graphpatch
