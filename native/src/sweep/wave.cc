#include "wave.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "../errors/errors.h"
#include "../memory/block_cache.h"

namespace graphpatch {

Wave::Wave(std::shared_ptr<const Survey> survey, std::vector<int32_t> cells, Products products, size_t unused)
    : survey_(std::move(survey)),
      cells_(std::move(cells)),
      products_(products),
      unused_(unused),
      values_(*survey_) {
  for (int32_t cell = 0; cell < static_cast<int32_t>(cells_.size()); ++cell) {
    const CellPatches& list = survey_->cells().at(placeOf(cell));
    for (size_t i = 0; i < list.size(); ++i) {
      auto& patching = patches_[list[i].value];
      if (patching.empty() || patching.back().first != cell) patching.push_back({cell, {}});
      patching.back().second.push_back(i);
    }
  }
}

bool Wave::advance() {
  const BlockCacheLimit limit(unused_);
  const at::AutoGradMode noGradients(false);
  const at::AutoDispatchBelowADInplaceOrView below;
  const Plan& plan = survey_->plan();
  if (!isBegun_) {
    isBegun_ = true;
    nextStep_ = plan.shapeSteps();
    for (ValueIndex value : plan.patchedAtStart()) arriveAt(value);
  }
  while (true) {
    if (patchPending()) return false;
    if (current_ != nullptr) {
      for (ValueIndex value : current_->released) values_.release(value);
    }
    if (nextStep_ == plan.steps().size()) break;
    if (cancelled_.load(std::memory_order_relaxed)) {
      throw GraphpatchError("CancelledError",
                            "the sweep was cancelled before node " + plan.steps()[nextStep_].node->name);
    }
    current_ = &plan.steps()[nextStep_];
    if (survey_->isReached(nextStep_)) evaluate(nextStep_);
    ++nextStep_;
    for (ValueIndex value : current_->patched) arriveAt(value);
  }
  finish();
  return true;
}

void Wave::arriveAt(ValueIndex value) {
  if (survey_->frame()[value].isNone()) return;  // of a branch that the base does not take
  if (patches_.contains(value) || !survey_->basePatches(value).empty()) arrived_.push_back(value);
}

// Applies what is pending; true when a custom patch needs JavaScript.
bool Wave::patchPending() {
  while (!arrived_.empty()) {
    const ValueIndex value = arrived_.front();
    if (whole_.isNone() && cellsLeft_.empty() && patched_.empty()) {
      // Those that patch it, and those that the base's own patches have to be applied to again.
      const auto own = patches_.find(value);
      if (own != patches_.end()) {
        for (const auto& [cell, list] : own->second) cellsLeft_.push_back(cell);
      }
      const CellRows* rows = values_.find(value);
      if (rows != nullptr && !survey_->basePatches(value).empty()) {
        for (const CellSpan& span : rows->spans) cellsLeft_.push_back(span.cell);
      }
      std::sort(cellsLeft_.begin(), cellsLeft_.end());
      cellsLeft_.erase(std::unique(cellsLeft_.begin(), cellsLeft_.end()), cellsLeft_.end());
      std::erase_if(cellsLeft_, [&](int32_t cell) { return isDropped(cell); });
    }
    while (!cellsLeft_.empty()) {
      if (whole_.isNone()) beginCell(cellsLeft_.front());
      if (nextPatch()) return true;
      finishCell();
      cellsLeft_.erase(cellsLeft_.begin());
    }
    values_.put(value, std::exchange(patched_, {}));
    arrived_.erase(arrived_.begin());
  }
  return false;
}

void Wave::beginCell(int32_t cell) {
  const ValueIndex value = arrived_.front();
  const CellRows* rows = values_.find(value);
  const bool isChanged = rows != nullptr && rows->find(cell) != nullptr;
  whole_ = survey_->frame()[value];
  if (isChanged) {
    whole_ = values_.whole(value, cell, survey_->unpatched(value).toTensor());
    for (size_t i : survey_->basePatches(value))
      patchesLeft_.push_back({&survey_->basePatch(i), {placeOf(cell), i, true}});
  }
  const auto own = patches_.find(value);
  if (own == patches_.end()) return;
  for (const auto& [other, list] : own->second) {
    if (other != cell) continue;
    for (size_t i : list)
      patchesLeft_.push_back({&survey_->cells()[placeOf(cell)][i].patch, {placeOf(cell), i, false}});
  }
}

// Applies the cell's patches; true at one that is JavaScript's.
bool Wave::nextPatch() {
  while (!patchesLeft_.empty()) {
    const auto& [patch, place] = patchesLeft_.front();
    if (patch->kind == PatchKind::Custom) {
      pause_ = place;
      return true;
    }
    PatchOutcome outcome;
    outcome.quiet = true;
    whole_ = applyPatch(*patch, whole_, outcome);
    patchesLeft_.erase(patchesLeft_.begin());
  }
  return false;
}

void Wave::resume(c10::IValue value) {
  PatchOutcome outcome;
  whole_ = takeCustomResult(whole_, value, outcome);
  patchesLeft_.erase(patchesLeft_.begin());
}

void Wave::finishCell() {
  const ValueIndex value = arrived_.front();
  const int32_t cell = cellsLeft_.front();
  const c10::IValue whole = std::exchange(whole_, c10::IValue());
  const at::Tensor& base = survey_->frame()[value].toTensor();
  // What was there is replaced, also by nothing.
  values_.remove(value, cell);
  if (!whole.isTensor() || whole.toTensor().sizes() != base.sizes() ||
      whole.toTensor().scalar_type() != base.scalar_type()) {
    drop(cell, "a patch changes the shape or dtype of its node");
    return;
  }
  patched_.push_back(values_.differing(value, {cell}, whole.toTensor().unsqueeze(0)));
}

void Wave::finish() {
  const Survey& survey = *survey_;
  const std::vector<ValueIndex>& outputs = survey.plan().outputs();
  std::vector<int32_t> cells;
  for (ValueIndex output : outputs) {
    const CellRows* rows = values_.find(output);
    if (rows == nullptr) continue;
    for (const CellSpan& span : rows->spans) cells.push_back(span.cell);
  }
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  std::erase_if(cells, [&](int32_t cell) { return isDropped(cell); });
  for (int32_t cell : cells) changed_.push_back(placeOf(cell));
  if (!cells.empty()) {
    for (ValueIndex output : outputs)
      outputs_.push_back(values_.cells(output, cells, survey.needed(output)).contiguous());
  }
  values_.clear();
}

void Wave::clear() {
  values_.clear();
  outputs_.clear();
  whole_ = c10::IValue();
}

}  // namespace graphpatch
